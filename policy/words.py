"""The words that texts are judged by: the shipped lists, and what an organisation changed of them (2.2, 5.x).

How a phrase is written is said in `content/themes/README.md`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy.content.lexicon import KINDS, Lexicon, compile_tables, shipped_lexicon, shipped_tables
from policy.content.phrases import PhraseError, Phrases
from policy.settings import Identifier, PolicyFileError
from policy.tone import TONES, Manners, compile_manners, shipped_manners, shipped_tone
from policy.verdict import Outcome

LONGEST: Final = 60_000  # characters of a document
_NAME: Final = "lexicon"
_SEVERITIES: Final = {"deny": Outcome.DENY, "hold": Outcome.HOLD}

Listed = tuple[Annotated[str, Field(min_length=1, max_length=300)], ...]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ThemeWords(_Section):
    """What is added to a theme, and what of it does not count. A new theme has a title and a clause."""

    title: Annotated[str, Field(min_length=2, max_length=60)] | None = None
    clause: Literal["2.2", "7.1"] | None = None
    deny: Listed = ()
    weak: Listed = ()
    hold: Listed = ()
    personal: Listed = ()
    hint: Listed = ()
    benign: Listed = ()
    remove: Listed = ()  # phrases of the shipped lists, as they stand there


class ToneWords(_Section):
    """What is added to the lists of tone, and what of them does not count."""

    rude: Listed = ()
    blunt: Listed = ()
    textspeak: Listed = ()
    casual: Listed = ()
    jargon: Listed = ()
    remove: Listed = ()
    severity: Mapping[Literal["rude", "blunt", "textspeak", "casual", "jargon"], Literal["deny", "hold"]] = {}


class OwnWords(_Section):
    """An organisation's changes of the shipped lists, as a TOML document."""

    glossary: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9&]{0,19}$")], ...] = ()
    tone: ToneWords = ToneWords()
    content: Mapping[Identifier, ThemeWords] = {}

    @classmethod
    def kept(cls, document: str) -> Self:
        """Read a document that was parsed before. Phrases that are shipped no longer are not missed.

        Raises `PolicyFileError`.
        """
        try:
            return cls.model_validate(tomllib.loads(document))
        except (tomllib.TOMLDecodeError, ValidationError) as exc:
            raise PolicyFileError(_NAME, [str(exc)]) from exc

    @classmethod
    def parse(cls, document: str) -> Self:
        """Read a document. Raises `PolicyFileError` with every fault and the key that has it."""
        try:
            if len(document) > LONGEST:
                raise PolicyFileError(_NAME, [f"is longer than {LONGEST} characters"])
            own = cls.model_validate(tomllib.loads(document))
        except tomllib.TOMLDecodeError as exc:
            raise PolicyFileError(_NAME, [f"not TOML: {exc}"]) from exc
        except ValidationError as exc:
            faults = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in exc.errors()]
            raise PolicyFileError(_NAME, faults) from exc
        if faults := [*_content_faults(own.content), *_tone_faults(own.tone)]:
            raise PolicyFileError(_NAME, faults)
        return own


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The lists, compiled."""

    version: int  # of the organisation's document; 0: it has none
    lexicon: Lexicon
    manners: Manners


@cache
def shipped_words() -> Words:
    """Return what comes with the gateway."""
    return Words(0, shipped_lexicon(), shipped_manners())


def compile_words(own: OwnWords, version: int) -> Words:
    """Return the shipped lists with an organisation's changes; what is no longer shipped is not missed."""
    tables = {table.get("theme", name): (name, table) for name, table in shipped_tables().items()}
    for theme, words in own.content.items():
        name, table = tables.get(theme, (f"{theme}.toml", {}))
        tables[theme] = (name, _changed(theme, table, words))
    tone = shipped_tone()
    added = own.tone.model_dump()
    for name in TONES:
        tone[name] = _listed(tone[name], added[name], own.tone.remove)
    tone["glossary"] = f"{tone['glossary']} {' '.join(own.glossary)}"
    severities: dict[str, Outcome] = {
        name: _SEVERITIES[severity] for name, severity in own.tone.severity.items()
    }
    return Words(version, compile_tables(dict(tables.values())), compile_manners(tone, severities))


def _changed(theme: str, table: Mapping[str, Any], words: ThemeWords) -> dict[str, Any]:
    added = words.model_dump()
    lists = {name: _listed(table.get(name, ()), added[name], words.remove) for name in (*KINDS, "benign")}
    about = {"theme": theme, "title": words.title, "clause": words.clause, "version": 1, **table}
    return about | lists


def _listed(shipped: Iterable[str], added: Iterable[str], removed: Iterable[str]) -> list[str]:
    gone = set(removed)
    return [*(phrase for phrase in shipped if phrase not in gone), *added]


def _content_faults(content: Mapping[str, ThemeWords]) -> Iterator[str]:
    if not content:
        return
    tables = shipped_tables()
    classes = tables["shared.toml"]["classes"]
    themes = {table["theme"]: table for table in tables.values() if "theme" in table}
    for theme, words in content.items():
        where = f"content.{theme}"
        shipped = themes.get(theme)
        if shipped is None and None in (words.title, words.clause):
            yield f"{where}: a theme of your own needs a title and a clause; shipped: {', '.join(themes)}"
        if shipped is not None and {words.title, words.clause} != {None}:
            yield f"{where}: this theme is shipped, with its title and clause: leave them out"
        listed = {phrase for name in (*KINDS, "benign") for phrase in (shipped or {}).get(name, ())}
        yield from _unknown(where, words.remove, listed)
        for name in (*KINDS, "benign"):
            yield from _unreadable(f"{where}.{name}", getattr(words, name), classes)


def _tone_faults(tone: ToneWords) -> Iterator[str]:
    if not tone.model_fields_set:
        return
    table = shipped_tone()
    yield from _unknown("tone", tone.remove, {phrase for name in TONES for phrase in table[name]})
    for name in TONES:
        yield from _unreadable(f"tone.{name}", getattr(tone, name), {})


def _unknown(where: str, removed: Iterable[str], listed: set[str]) -> Iterator[str]:
    for phrase in removed:
        if phrase not in listed:
            yield f'{where}.remove: "{phrase}" is no phrase of the shipped lists, which must be named in full'


def _unreadable(where: str, phrases: Iterable[str], classes: Mapping[str, list[str]]) -> Iterator[str]:
    for phrase in phrases:
        try:
            Phrases([(0, phrase)], classes)
        except PhraseError as exc:
            yield f"{where}: {exc}"
