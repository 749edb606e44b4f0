"""From a text to words that can be compared, behind invisible signs, look-alikes and s.p.a.c.e.s."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from policy.content.phrases import EDGE
from policy.optout.characters import plain

LONGEST: Final = 2000  # characters that are read; no permitted text has half as many

_QUOTES: Final = str.maketrans(dict.fromkeys("‘’‚‛ʼ´`′", "'") | dict.fromkeys("“”„‟«»″", '"'))
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_BLANK: Final = str.maketrans({chr(code): " " for code in (*range(10), *range(11, 32), 127)})
_SPACED_OUT: Final = re.compile(r"(?<![^\W_])[^\W_](?:[ .\-_*/,|][^\W_]){3,}(?![^\W_])")
_SEPARATORS: Final = re.compile(r"[ .\-_*/,|]")
_TOKEN: Final = re.compile(
    r"[0-9]+(?:[.,:][0-9]+)*(?![^\W_])|[^\W_]+(?:['@$!|*+][^\W_]+)*|[£%]|[.!?;\n]+|:(?= )|- "
)
_BREAKS: Final = frozenset(".!?;\n:-")
_DRAWN_OUT: Final = re.compile(r"([a-zA-Z])\1\1")
_DISGUISED: Final = re.compile(r"[^a-z0-9.,:£%]|[a-z][0-9]|[0-9][a-z]|([a-z])\1\1")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text made readable, and its words: lower-case, possessive 's taken off, `EDGE` between sentences."""

    text: str
    words: list[str]
    spans: list[tuple[int, int]]  # of each word, in `text`
    owners: frozenset[int]  # places of the words that had a possessive 's

    def shown(self, start: int, end: int) -> str:
        """Return the words from `start` to before `end` as they stand in the text."""
        return self.text[self.spans[start][0] : self.spans[end - 1][1]]


def cleaned(text: str) -> str:
    """Return `text` in NFKC without invisible signs, with plain quotes, dashes and spaces; case is kept.

    Of more than `LONGEST` characters one more is kept, so that it can be seen.
    """
    text = text[: LONGEST + 1]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_QUOTES)).translate(_QUOTES).translate(_DASHES)
        text = "".join(map(_visible, text[: LONGEST + 1]))
    return _SPACED_OUT.sub(_closed_up, text.translate(_BLANK))


def read(text: str, spell: Callable[[str], str] = str) -> Reading:
    """Read a cleaned text; `spell` is asked for what a word that is not plain letters stands for."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    owners: set[int] = set()
    plainly = text.isascii() and not _DRAWN_OUT.search(text)
    for token in _TOKEN.finditer(text.lower() if plainly else text):
        word = token[0]
        if word[0] in _BREAKS:
            word = EDGE
        elif not (plainly and word.isalpha()):
            word = word.lower() if word.isascii() else plain(word)
            if word.endswith("'s"):
                word = word[:-2]
                owners.add(len(words))
            if not word.isascii() or _DISGUISED.search(word):
                word = spell(word.replace("'", ""))
        words.append(word)
        spans.append(token.span())
    return Reading(text, words, spans, frozenset(owners))


def _visible(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category in ("Cf", "Mn") or char in "\u115f\u1160\u3164\u2800":
        return ""
    return " " if category in ("Zs", "Zl", "Zp") else char


def _closed_up(found: re.Match[str]) -> str:
    return _SEPARATORS.sub("", found[0])
