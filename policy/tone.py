"""How a text speaks: polite and respectful (5.2), in plain words (5.3)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from policy.content.phrases import Phrases
from policy.content.reading import Reading
from policy.content.scanner import Finding
from policy.verdict import Code, Outcome, Reason

_LISTS: Final = {
    "rude": ("5.2", Outcome.DENY, "a word or phrase that is rude: write it politely"),
    "blunt": ("5.2", Outcome.HOLD, "a phrase that sounds blunt: soften it, or a second person must read it"),
    "textspeak": ("5.3", Outcome.DENY, "text-speak: write the words in full"),
    "casual": ("5.3", Outcome.DENY, "words that are too casual: write as in a letter"),
    "jargon": (
        "5.3",
        Outcome.HOLD,
        "jargon or a shortened word: use plain words, or a second person must read it",
    ),
}
TONES: Final = tuple(_LISTS)
"""The lists of phrases, by name."""
_CENSORED: Final = re.compile(r"(?<!\w)[a-z]{1,2}(?:[*#]{1,5}[a-z]{1,6}|\*{2,6})(?!\w)", re.IGNORECASE)
_REPEATED: Final = re.compile(r"[!?](?:\s?[!?])+")
_EMOTICON: Final = re.compile(r"(?<![\w:;])(?:[:;=][-']?[()DPpo/\\]|<3|[xX]D)(?![\w/])")
_WORD: Final = re.compile(r"(?<!\w)[^\W\d_]+(?:'[^\W\d_]+)?(?!\w)")
_ACRONYM: Final = re.compile(r"(?:[A-Z]{2,}|[A-Z][a-z][A-Z]|[A-Z]{2,}(?:s|o))")
_CAPITALS: Final = re.compile(r"[A-ZÀ-Þ]{2}|[A-Z][a-z][A-Z]")  # without which there is nothing to see
_SHOUTED_WORDS: Final = 2
_SHOUTED_LETTERS: Final = 9
_LOUD: Final = 0.6  # of at least so many letters
_LOUD_FROM: Final = 12
_PLAIN_SIGNS: Final = frozenset("°©®™№℃℉€→←↑↓")


@dataclass(frozen=True, slots=True)
class Manners:
    """The words of tone, compiled."""

    phrases: Phrases
    lowercase: frozenset[str]
    emphasis: frozenset[str]
    glossary: frozenset[str]
    severities: Mapping[str, Outcome] = field(default_factory=dict)  # of lists, where they are not the usual


@cache
def shipped_manners() -> Manners:
    """Return what comes with the gateway."""
    return compile_manners(shipped_tone())


def shipped_tone() -> dict[str, Any]:
    """Return the file that comes with the gateway, read but not compiled."""
    return tomllib.loads(resources.files("policy").joinpath("tone.toml").read_text(encoding="utf-8"))


def compile_manners(table: Mapping[str, Any], severities: Mapping[str, Outcome] | None = None) -> Manners:
    """Compile a file that was read. Raises `PhraseError`."""
    labelled = ((label, phrase) for label, name in enumerate(TONES) for phrase in table[name])
    glossary = frozenset(word.upper() for word in table["glossary"].split())
    return Manners(
        Phrases(labelled, {}),
        frozenset(table["lowercase"]),
        frozenset(table["emphasis"]),
        glossary,
        severities or {},
    )


def judge_tone(reading: Reading, manners: Manners, glossary: Collection[str] = ()) -> Iterator[Finding]:
    """Yield what is wrong with the tone of a text; `glossary` has the organisation's abbreviations."""
    yield from _listed(reading, manners)
    if ("*" in reading.text or "#" in reading.text) and (found := _CENSORED.search(reading.text)):
        yield _finding("rude", found[0], manners)
    if found := _REPEATED.search(reading.text):
        yield _rejected("5.2", "repeated ! or ?: one is enough", found[0])
    if sign := _sign(reading.text):
        yield _rejected("5.3", "an emoji or emoticon: use words", sign)
    yield from _capitals(reading.text, manners, glossary)


def _listed(reading: Reading, manners: Manners) -> Iterator[Finding]:
    """Yield the first phrase of each list."""
    told: set[int] = set()
    for label, start, end in manners.phrases.found(reading.words):
        words = reading.shown(start, end)
        if label not in told and (words.islower() or reading.words[start] not in manners.lowercase):
            told.add(label)
            yield _finding(TONES[label], words, manners)


def _sign(text: str) -> str | None:
    if not text.isascii():
        for char in text:
            if ord(char) > 0x2000 and unicodedata.category(char) in ("So", "Sk") and char not in _PLAIN_SIGNS:
                return char
    found = _EMOTICON.search(text)
    return found[0] if found else None


def _capitals(text: str, manners: Manners, glossary: Collection[str]) -> Iterator[Finding]:
    """Yield shouting, or else the first abbreviation that no glossary has."""
    if not _CAPITALS.search(text):
        return
    words = _WORD.findall(text)
    if shouted := _shouted(words, manners, glossary):
        yield _rejected("5.2", "words in capitals, which read as shouting", shouted)
    elif _are_mostly_capitals("".join(word for word in words if not _is_known(word, manners, glossary))):
        yield _rejected("5.2", "mostly capitals, which read as shouting", text)
    elif unknown := next((word for word in words if _is_unknown(word, manners, glossary)), None):
        yield _held(
            "5.3", "an abbreviation or word in capitals that is not in the glossary: write it out", unknown
        )


def _shouted(words: Sequence[str], manners: Manners, glossary: Collection[str]) -> str | None:
    """Return the first words in a row that shout: two in capitals, of nine letters together."""
    loud: list[str] = []
    for word in words:
        if not word.isupper():
            loud.clear()
        elif len(word) > 1 and not _is_known(word, manners, glossary):
            loud.append(word)
            if len(loud) >= _SHOUTED_WORDS and sum(map(len, loud)) >= _SHOUTED_LETTERS:
                return " ".join(loud)
    return None


def _is_unknown(word: str, manners: Manners, glossary: Collection[str]) -> bool:
    if not _ACRONYM.fullmatch(word) or word.lower() in manners.emphasis:
        return False
    return not _is_known(word, manners, glossary)


def _is_known(word: str, manners: Manners, glossary: Collection[str]) -> bool:
    return word in glossary or bool({word.upper(), word.removesuffix("s").upper()} & manners.glossary)


def _are_mostly_capitals(letters: str) -> bool:
    return len(letters) >= _LOUD_FROM and sum(map(str.isupper, letters)) > _LOUD * len(letters)


def _finding(name: str, words: str, manners: Manners) -> Finding:
    clause, usual, sentence = _LISTS[name]
    denied = manners.severities.get(name, usual) is Outcome.DENY
    return (_rejected if denied else _held)(clause, sentence, words, name)


def _rejected(clause: str, sentence: str, words: str, theme: str = "") -> Finding:
    return Finding(
        Reason(code=Code.TONE_REJECTED, clause=clause, message=f"the text has {sentence}", field="text"),
        words,
        theme,
    )


def _held(clause: str, sentence: str, words: str, theme: str = "") -> Finding:
    reason = Reason(
        code=Code.CONTENT_REVIEW_REQUIRED,
        clause=clause,
        message=f"the text has {sentence}",
        outcome=Outcome.HOLD,
        field="text",
    )
    return Finding(reason, words, theme)
