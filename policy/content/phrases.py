"""Phrases as one tree of words: hundreds of them are looked for in one walk over a text.

How a phrase is written is said in `themes/README.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from sys import intern
from typing import Any, Final, TypeAlias

EDGE: Final = "."
GONE: Final = "_"  # stands where words were taken out
NUMBER: Final = "NUMBER"
NAME: Final = "<name>"

_GAP: Final = ".."
_LONGEST_GAP: Final = 3  # words
_END: Final = ""
_STEM: Final = range(4, 13)  # letters
_NAMED: Final = frozenset({NAME, "<kid>", "<who>"})  # what every first name is one of

Keys: TypeAlias = tuple[str, ...]
_Node: TypeAlias = dict[str, Any]


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says why."""


class Phrases:
    """Labelled phrases, found in a text by the words they begin with."""

    def __init__(self, labelled: Iterable[tuple[int, str]], classes: Mapping[str, Sequence[str]]) -> None:
        """Read (label, phrase) pairs. Raises `PhraseError`."""
        self._classes = classes
        self._root: _Node = {}
        self._words: dict[str, Keys] = {}
        self._stems: dict[str, Keys] = {}
        self._names: Keys = ()
        self._numbers: Keys = ()
        for label, source in labelled:
            self._add(label, source)
        self._classes = {}

    def knows(self, word: str) -> bool:
        """Say whether any phrase has this word, or a stem of it."""
        return word in self._words or bool(self._stemmed(word))

    def keys(self, word: str, *, name: bool = False) -> Keys:
        """Return everything in the phrases that `word` can stand for."""
        found = self._words.get(word)
        if word == EDGE:
            return (EDGE,)
        if found is None:
            found = self._stemmed(word)
        if word[0].isdigit():
            found = (*found, *self._numbers)
        return (*found, *self._names) if name else found

    def found(self, keys: Sequence[Keys]) -> Iterator[tuple[int, int, int]]:
        """Yield (label, start, end) of each phrase in a text, given the keys of each of its words."""
        for start, first in enumerate(keys):
            for key in first:
                node = self._root.get(key)
                if node is not None:
                    yield from self._walk(node, keys, start, start + 1)

    def _walk(self, node: _Node, keys: Sequence[Keys], start: int, at: int) -> Iterator[tuple[int, int, int]]:
        """Follow every path from `node`; no place is reached twice at one node, however gaps overlap."""
        ways, seen = [(node, at)], set()
        while ways:
            node, at = ways.pop()
            if (label := node.get(_END)) is not None:
                yield label, start, at
            if at == len(keys):
                continue
            for key in keys[at]:
                if (after := node.get(key)) is not None and (id(after), at) not in seen:
                    seen.add((id(after), at))
                    ways.append((after, at + 1))
            if (gap := node.get(_GAP)) is not None:
                ways.extend((gap, place) for place in _over_gap(keys, at))

    def _stemmed(self, word: str) -> Keys:
        if len(word) < _STEM.start:
            return ()
        return next((self._stems[stem] for n in _STEM if (stem := word[:n]) in self._stems), ())

    def _add(self, label: int, source: str) -> None:
        steps = [self._step(written, source) for written in source.split()]
        for chosen in product(*([(key,), ()] if optional else [(key,)] for key, optional in steps)):
            path = [key for step in chosen for key in step]
            if path and path[0] == _GAP:
                raise PhraseError(f'"{source}" must begin with a word')
            if not path or path[-1] == _GAP:
                raise PhraseError(f'"{source}" must end with a word')
            node = self._root
            for key in path:
                node = node.setdefault(key, {})
            node.setdefault(_END, label)

    def _step(self, written: str, source: str) -> tuple[str, bool]:
        """Return the key of a step, having entered what it stands for, and whether it may be missing."""
        key = intern(written.removesuffix("?"))
        if key != _GAP:
            for member in key.split("/"):
                self._enter_member(member, key, source)
        return key, key != written

    def _enter_member(self, member: str, key: str, source: str) -> None:
        if member in _NAMED:
            self._names = _with(self._names, key)
        if member == NUMBER:
            self._numbers = _with(self._numbers, key)
        elif not member.startswith("<"):
            self._enter(member, key)
        elif member != NAME:
            if member[1:-1] not in self._classes:
                raise PhraseError(f'"{source}": there is no class {member}')
            for word in self._classes[member[1:-1]]:
                self._enter(word, key)

    def _enter(self, member: str, key: str) -> None:
        stem = member.endswith("*")
        word = intern(member.removesuffix("*"))
        if not (word.isalnum() or word in ("£", "%")) or (stem and len(word) not in _STEM):
            raise PhraseError(
                f'"{member}" is no word, and no stem of {_STEM.start} to {_STEM.stop - 1} letters'
            )
        table = self._stems if stem else self._words
        table[word] = _with(table.get(word, ()), key)


def _with(keys: Keys, key: str) -> Keys:
    return keys if key in keys else (*keys, key)


def _over_gap(keys: Sequence[Keys], at: int) -> Iterator[int]:
    """Yield where the step after a gap may stand: up to so many words on, in the same sentence."""
    for place in range(at, min(at + _LONGEST_GAP + 1, len(keys))):
        if keys[place] == (EDGE,):
            return
        yield place
