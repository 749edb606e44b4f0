"""The lexicon of themes: TOML files, checked and compiled once, when first asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from policy.content.details import Mail
from policy.content.people import People
from policy.content.phrases import PhraseError, Phrases
from policy.settings import PolicyFileError

_SHARED: Final = ("shared.toml", "people.toml")
_THEME_KEYS: Final = {"theme", "title", "clause", "version"}


class Kind(IntEnum):
    """What a list of phrases does; `themes/README.md` says it in words."""

    DENY = 0
    WEAK = 1
    HOLD = 2
    PERSONAL = 3
    HINT = 4


KINDS: Final = {kind.name.lower(): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Theme:
    """What one file is about."""

    name: str
    title: str
    clause: str
    version: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All themes, compiled. The label of a phrase is its theme's place times ten, and its `Kind`."""

    themes: tuple[Theme, ...]
    phrases: Phrases
    benign: Phrases
    people: People
    mail: Mail
    everyday: frozenset[str]  # of a school's day: a sentence with one is not about the child in it

    def meaning(self, label: int) -> tuple[Theme, Kind]:
        """Return what the label of a phrase stands for."""
        return self.themes[label // 10], Kind(label % 10)


@cache
def shipped_lexicon() -> Lexicon:
    """Return the lexicon that comes with the gateway. Raises `PolicyFileError`."""
    return compile_tables(shipped_tables())


def shipped_tables() -> dict[str, dict[str, Any]]:
    """Return the files that come with the gateway, read but not compiled."""
    directory = resources.files("policy.content.themes")
    files = sorted(file.name for file in directory.iterdir() if file.name.endswith(".toml"))
    return {name: _parsed(name, directory.joinpath(name).read_text(encoding="utf-8")) for name in files}


def compile_lexicon(sources: Mapping[str, str]) -> Lexicon:
    """Compile files by name, `shared.toml` and `people.toml` among them. Raises `PolicyFileError`."""
    return compile_tables({name: _parsed(name, text) for name, text in sources.items()})


def compile_tables(tables: Mapping[str, dict[str, Any]]) -> Lexicon:
    """Compile files that were read. Raises `PolicyFileError`."""
    parsed = dict(tables)
    shared, people = (parsed.pop(name) for name in _SHARED)
    themes = tuple(_theme(name, table) for name, table in parsed.items())
    benign = ((0, phrase) for table in (shared, *parsed.values()) for phrase in table["benign"])
    return Lexicon(
        themes,
        _compiled(_labelled(parsed), shared["classes"]),
        _compiled(benign, shared["classes"]),
        People(
            **{field.name: frozenset(people[field.name].split()) for field in fields(People) if field.init}
        ),
        Mail(**{field.name: frozenset(shared["mail"][field.name].split()) for field in fields(Mail)}),
        frozenset(shared["everyday"].split()),
    )


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PolicyFileError(name, [f"not TOML: {exc}"]) from exc


def _theme(name: str, table: Mapping[str, Any]) -> Theme:
    expected = _THEME_KEYS | KINDS.keys() | {"benign"}
    if wrong := sorted(expected ^ table.keys()):
        raise PolicyFileError(name, [f"{key}: missing, or no such key" for key in wrong])
    return Theme(table["theme"], table["title"], table["clause"], table["version"])


def _labelled(parsed: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    for number, table in enumerate(parsed.values()):
        for key, kind in KINDS.items():
            for phrase in table[key]:
                yield number * 10 + kind, phrase


def _compiled(labelled: Iterator[tuple[int, str]], classes: Mapping[str, list[str]]) -> Phrases:
    try:
        return Phrases(labelled, classes)
    except PhraseError as exc:
        raise PolicyFileError("themes", [str(exc)]) from exc
