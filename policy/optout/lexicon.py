"""The words of refusal: one TOML file per language, checked and compiled once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy.optout.phrases import EDGE, Grammar, Phrase, PhraseError, Phrases, Pool
from policy.optout.reading import words_of
from policy.settings import PolicyFileError

Lines: TypeAlias = tuple[Annotated[str, Field(min_length=1)], ...]
_FIRST: Final = "en"  # a word that two languages share is reported as English
_LISTS: Final = ("keywords", "act", "narrow", "hold", "wrong", "short", "safe", "start", "help")


class Language(BaseModel):
    """One file. `policy/optout/languages/README.md` says what each list does."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    language: Annotated[str, Field(pattern="^[a-z]{2}$")]
    name: Annotated[str, Field(min_length=2)]
    review: str  # empty once a speaker has read the file
    keywords: Lines  # the whole reply: opts out
    appointment: Lines = ()  # those of the keywords that may mean an appointment
    act: Lines = ()  # a whole sentence: opts out
    narrow: Lines = ()  # the same, with <topic> in it
    hold: Lines = ()  # anywhere in a reply: a person reads it
    wrong: Lines = ()  # the same, and says that the number is somebody else's
    short: Lines = ()  # as `hold`, in a reply of few words
    safe: Lines = ()  # taken out before `hold` and `short` are looked for
    start: Lines = ()
    help: Lines = ()
    yes: Lines = ()  # the whole reply: agrees to what was asked
    fillers: Lines = ()  # politeness at the edge of a sentence
    ignored: Lines = ()  # words that change nothing wherever they stand
    typed: Lines = ()  # words looked for behind typing slips and disguises
    words: Lines = ()  # words that are no slip of those, and no names
    classes: Mapping[str, Lines] = {}


def parse_language(source: str, text: str) -> Language:
    """Read one file. Raises `PolicyFileError` naming the file and the key."""
    try:
        return Language.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise PolicyFileError(source, [f"not TOML: {exc}"]) from exc
    except ValidationError as exc:
        raise PolicyFileError(
            source, [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()]
        ) from exc


def shipped_languages() -> tuple[Language, ...]:
    """Return the languages that come with the gateway, English first. Raises `PolicyFileError`."""
    files = [
        file for file in resources.files("policy.optout.languages").iterdir() if file.name.endswith(".toml")
    ]
    found = [parse_language(file.name, file.read_text(encoding="utf-8")) for file in files]
    return tuple(sorted(found, key=lambda one: (one.language != _FIRST, one.language)))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All languages together, compiled: one set of phrases for each use."""

    act: Phrases
    keywords: Mapping[str, str]  # the word and its language
    appointment: frozenset[str]
    narrow: Mapping[str, Phrases]  # by topic
    hold: Phrases
    wrong: Phrases
    short: Phrases
    safe: Phrases
    start: Phrases
    help: Phrases
    yes: frozenset[str]
    fillers: frozenset[tuple[str, ...]]
    ignored: frozenset[str]
    typed: frozenset[str]
    words: frozenset[str]
    vocabulary: frozenset[str]


def compile_lexicon(
    languages: Sequence[Language], topics: Mapping[str, Sequence[str]], organisation: str
) -> Lexicon:
    """Compile `languages`; `topics` gives the names of each topic. Raises `PolicyFileError`."""
    own = [organisation, *(word for word in organisation.split() if word.isupper())]
    pool: Pool = {}
    phrases = {kind: list(_phrases(languages, kind, own, pool)) for kind in _LISTS if kind != "narrow"}
    narrow = {
        topic: list(_phrases(languages, "narrow", own, pool, [topic.replace("_", " "), *names]))
        for topic, names in topics.items()
    }
    del pool  # half a megabyte
    fillers, ignored = frozenset(_fillers(languages, own)), _single_words(languages, "ignored")
    return Lexicon(
        keywords=_keywords(languages),
        appointment=frozenset(_joined(word) for one in languages for word in one.appointment),
        narrow={topic: Phrases(found) for topic, found in narrow.items()},
        **{kind: Phrases(phrases[kind]) for kind in _LISTS if kind in phrases and kind != "keywords"},
        yes=_single_words(languages, "yes"),
        fillers=fillers,
        ignored=ignored,
        typed=_single_words(languages, "typed"),
        words=_single_words(languages, "words"),
        vocabulary=frozenset({*ignored, *chain.from_iterable(fillers), *_vocabulary(phrases, narrow)}),
    )


def _vocabulary(*phrases: Mapping[str, Sequence[Phrase]]) -> Iterator[str]:
    for found in chain.from_iterable(each.values() for each in phrases):
        for phrase in found:
            yield from phrase.vocabulary()


def _phrases(
    languages: Sequence[Language],
    kind: str,
    organisation: Sequence[str],
    pool: Pool,
    topic: Sequence[str] = (),
) -> Iterator[Phrase]:
    for one in languages:
        classes = {**one.classes, "organisation": organisation, "topic": topic}
        grammar = Grammar(one.language, classes, words_of, pool)
        for source in getattr(one, kind):
            try:
                yield grammar.phrase(source)
            except PhraseError as exc:
                raise PolicyFileError(f"{one.language}.toml", [f"{kind}: {exc}"]) from exc


def _fillers(languages: Sequence[Language], organisation: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for filler in (filler for one in languages for filler in one.fillers):
        for name in organisation if "<organisation>" in filler else [""]:
            words = words_of(filler.replace("<organisation>", name))
            yield tuple(word for word in words if word != EDGE)


def _keywords(languages: Sequence[Language]) -> dict[str, str]:
    """Return every keyword without its spaces, so that "opt out" and "st op" are found too."""
    return {_joined(word): one.language for one in reversed(languages) for word in one.keywords}


def _joined(word: str) -> str:
    return "".join(part for part in words_of(word) if part != EDGE)


def _single_words(languages: Sequence[Language], kind: str) -> frozenset[str]:
    return frozenset(_joined(word) for one in languages for word in getattr(one, kind))
