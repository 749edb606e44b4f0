"""From a text to words: sentences, letters spelled one by one, disguised and misspelt words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policy.optout.characters import plain, tidy
from policy.optout.phrases import EDGE, NUMBER

_BREAKS: Final = frozenset('.!?;:\n…。！？।॥۔؟؛—–|(){}[]"')
_PART_OF_WORD: Final = frozenset("$@+*#")  # 5T0P, $top, f***
_SIGNS: Final = {sign: sign for sign in "🛑🚫🖕📵⛔🤬✋🤚🙅❌"}
_CENSORED: Final = re.compile(r"f[*#@$]{1,3}(?P<rest>k|ck|ing|king|cking)?")
_LONG_NUMBER: Final = 5  # digits
_READ: Final = 160  # words, more than three SMS hold; of a longer text its two ends
_SPELLED: Final = 3  # single letters in a row


def words_of(text: str, spell: Callable[[str], str] = str) -> list[str]:
    """Return the words of `text` with `EDGE` around every sentence; `spell` repairs a word."""
    found: list[str] = [EDGE]
    tokens = _ends_of(list(_spelled_out(_tokens(plain(tidy(text))))))
    words = {token: _word(token, spell) for token in set(tokens)}
    for word in map(words.__getitem__, tokens):
        if word and not (word in (EDGE, NUMBER) and found[-1] == word):
            found.append(word)
    if found[-1] != EDGE:
        found.append(EDGE)
    return found


def _ends_of(tokens: list[str]) -> list[str]:
    if len(tokens) <= _READ:
        return tokens
    return [*tokens[: _READ // 2], EDGE, *tokens[-_READ // 2 :]]


def _tokens(text: str) -> Iterator[str]:
    """Yield words, single ideographs, meaningful emoji and `EDGE`s."""
    held: list[str] = []
    for at, char in enumerate(text):
        alone = _is_ideograph(char) or char in _SIGNS
        if not alone and (_is_letter(char) or char in _PART_OF_WORD):
            held.append(char)
            continue
        if char == "'" and held:
            continue
        if held:
            yield "".join(held)
            held.clear()
        if alone:
            yield char
        elif char in _BREAKS or (char == "-" and text[at - 1 : at + 2] == " - "):
            yield EDGE
    if held:
        yield "".join(held)


def _is_letter(char: str) -> bool:
    # The vowel signs of Indic scripts are no letters to str.isalnum.
    return char.isalnum() or (not char.isascii() and "\u0900" <= char <= "\u0dff" and char not in "।॥")


def _is_ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _spelled_out(tokens: Iterator[str]) -> Iterator[str]:
    """Join letters written one by one: s t o p, S.T.O.P."""
    letters: list[str] = []
    pending: list[str] = []  # letters and the edges among them, in case they are too few
    for token in tokens:
        if len(token) == 1 and token.isascii() and token.isalnum():
            letters.append(token)
            pending.append(token)
            continue
        if token == EDGE and letters:
            pending.append(token)
            continue
        yield from _joined(letters, pending)
        letters.clear()
        pending.clear()
        yield token
    yield from _joined(letters, pending)


def _joined(letters: list[str], pending: list[str]) -> list[str]:
    if len(letters) < _SPELLED:
        return pending
    return ["".join(letters), *(EDGE for last in pending[-1:] if last == EDGE)]


def _word(token: str, spell: Callable[[str], str]) -> str:
    if token == EDGE or token in _SIGNS:
        return token
    if censored := _CENSORED.fullmatch(token):
        return "fucking" if (censored["rest"] or "").endswith("ing") else "fuck"
    token = token.strip("*+#@")
    if token.isdigit():
        return NUMBER if len(token) >= _LONG_NUMBER else token
    word = spell(token)
    return word if word.isalnum() or not word.isascii() else "".join(filter(str.isalnum, word))
