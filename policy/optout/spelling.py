"""Disguised and mistyped words: look-alike letters, digits for letters, repeats, slips of the finger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

# What a letter of another alphabet looks like: Cyrillic, Greek, Armenian; Lisu and Cherokee.
_SMALL: Final = dict(
    zip(
        "авекмнорстухіјѕԁԛԝһӏпиьѵгαβεικνορτυχηζμωςσօսոհտꓢꓔꓳꓑꓴꓠꓐꓚꓰꓡꓮꓲꓣꓦꓪꓬꓝꓷᏚᎢᎾᏢᏆ",
        "abekmhopctyxijsdqwhlnubvrabeikvoptuxnzuwssounhsstopunbcelairvwyfdstopi",
        strict=True,
    )
)
_CAPITAL: Final = _SMALL | dict(zip("νηυμι", "nhymi", strict=True))
_SHAPES: Final = (str.maketrans(_SMALL), str.maketrans(_CAPITAL))
_DIGITS: Final = tuple(str.maketrans("50$71@3+48|", f"sost{i}aetab{i}") for i in "il")
_REPEAT: Final = re.compile(r"(.)\1+")
_LONG_REPEAT: Final = re.compile(r"(.)\1{2,}")
_OFTEN_TYPED: Final = 4  # letters; a shorter word has too many neighbours that are words
_NEXT_KEYS: Final = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc", "g": "ftyhbv",
    "h": "gyujnb", "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm",
    "o": "iklp", "p": "ol", "q": "wa", "r": "edft", "s": "awedxz", "t": "rfgy", "u": "yhji",
    "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu", "z": "asx",
}  # fmt: skip


def slips(word: str) -> Iterator[str]:
    """Yield what one slip on a keyboard makes of `word`: swapped, lost, doubled, neighbouring key."""
    for at, letter in enumerate(word):
        before, after = word[:at], word[at + 1 :]
        yield before + after
        if after:
            yield before + after[0] + letter + after[1:]
        for key in _NEXT_KEYS.get(letter, ""):
            yield before + key + after
            yield before + key + letter + after
            yield before + letter + key + after


class Speller:
    """Knows the words that patterns use, and finds them behind a disguise."""

    def __init__(self, known: Iterable[str], disguised: Iterable[str], words: Iterable[str]) -> None:
        """`known` are kept as they are; `disguised` are looked for; `words` are no slips of any of them."""
        self._known = frozenset(known)
        self._disguised = frozenset(disguised)
        self._squeezed = {_squeeze(word): word for word in self._disguised}
        self._words = frozenset(words)
        self._slips = {
            slip: word
            for word in sorted(self._disguised)
            if len(word) >= _OFTEN_TYPED
            for slip in slips(word)
            if slip not in self._known and slip not in self._words
        }

    def spell(self, token: str) -> str:
        """Return the known word that `token` stands for, or `token`."""
        if token in self._known or token in self._words:
            return token
        # A word all in another alphabet is most likely a word of its language: "не" is no "he".
        foreign = not token.isascii() and not any("a" <= letter <= "z" for letter in token)
        wanted = self._disguised if foreign else self._known
        for candidate in undisguised(token):
            if candidate in wanted:
                return candidate
            if (found := self._slips.get(candidate) or self._squeezed.get(_squeeze(candidate))) is not None:
                return found
        return token


def undisguised(token: str) -> Iterator[str]:
    """Yield `token`, and what it may stand for: look-alike letters, digits for letters, drawn-out letters."""
    yield token
    if not token.isascii():
        yield from (token.translate(shapes) for shapes in _SHAPES)
    elif not token.isalpha():
        yield from (token.translate(digits) for digits in _DIGITS)
    if _LONG_REPEAT.search(token):
        yield _LONG_REPEAT.sub(r"\1\1", token)
        yield _LONG_REPEAT.sub(r"\1", token)


def _squeeze(word: str) -> str:
    return _REPEAT.sub(r"\1", word)
