"""Phrases as one tree of words: hundreds of them are looked for in one walk over a text.

How a phrase is written is said in `themes/README.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
_STEM_LONGEST_FIRST: Final = tuple(reversed(_STEM))
_NAMED: Final = frozenset({NAME, "<kid>", "<who>"})  # what every first name is one of

Keys: TypeAlias = tuple[str, ...]
_EDGE_KEYS: Final[Keys] = (EDGE,)
_Node: TypeAlias = dict[str, Any]


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says why."""


class Phrases:
    """Labelled phrases, found in a text by the words they begin with."""

    def __init__(self, labelled: Iterable[tuple[int, str]], classes: Mapping[str, Sequence[str]]) -> None:
        """Read (label, phrase) pairs. Raises `PhraseError`."""
        self._classes = classes
        self._root: _Node = {}
        self._ends: dict[int, _Node] = {}
        self._words: dict[str, Keys] = {}
        self._stems: dict[str, Keys] = {}
        self._names: Keys = ()
        self._numbers: Keys = ()
        for label, source in labelled:
            self._add(label, source)
        self._shortest = {stem[: _STEM.start] for stem in self._stems}
        for table in (self._stems, self._words):
            for word in sorted(table):  # what begins with a shorter stem is that, too
                if (stem := self._stem(word[:-1] if table is self._stems else word)) is not None:
                    table[word] = (*table[word], *self._stems[stem])
        for word in filter(_is_number, self._words):
            self._words[word] = (*self._words[word], *self._numbers)
        # What may follow each word, or stem, that some phrase begins with.
        self._after_word = self._begun(self._words)
        self._after_stem = self._begun(self._stems)
        self._after_name = self._nodes(self._names)
        self._after_number = self._nodes(self._numbers)

    @property
    def words(self) -> Collection[str]:
        """Every whole word in the phrases."""
        return self._words.keys()

    def knows(self, word: str) -> bool:
        """Say whether any phrase has this word, or a stem of it."""
        return word in self._words or self._stem(word) is not None

    def found(self, words: Sequence[str], names: Collection[int] = ()) -> list[tuple[int, int, int]]:
        """Return (label, start, end) of each phrase in a text; `names` are the places of first names."""
        keys, begun = self._looked_up(words)
        for at in names:
            keys[at] = (*keys[at], *self._names)
            begun[at] = (*begun[at], *self._after_name)
        keys.append(())
        found: list[tuple[int, int, int]] = []
        for at, nodes in enumerate(begun):
            for node in nodes:
                if _GAP in node or not node.keys().isdisjoint(keys[at + 1]):
                    self._walk(node, keys, at, found)
                elif _END in node:
                    found.append((node[_END], at, at + 1))
        return found

    def _looked_up(self, words: Sequence[str]) -> tuple[list[Keys], list[Sequence[_Node]]]:
        """Return, for each word, all that it can stand for, and what may follow it in a phrase."""
        listed, after, stems = self._words, self._after_word, self._shortest
        keys: list[Keys] = []
        begun: list[Sequence[_Node]] = []
        for word in words:
            if word in listed:
                keys.append(listed[word])
                begun.append(after.get(word, ()))
            elif word == EDGE:
                keys.append(_EDGE_KEYS)
                begun.append(())
            elif _is_number(word):
                keys.append(self._numbers)
                begun.append(self._after_number)
            else:
                stem = self._stem(word) if word[: _STEM.start] in stems else None
                keys.append(self._stems[stem] if stem else ())
                begun.append(self._after_stem.get(stem, ()) if stem else ())
        return keys, begun

    def _begun(self, table: Mapping[str, Keys]) -> dict[str, tuple[_Node, ...]]:
        return {word: nodes for word, keys in table.items() if (nodes := self._nodes(keys))}

    def _nodes(self, keys: Keys) -> tuple[_Node, ...]:
        return tuple(self._root[key] for key in keys if key in self._root)

    def _stem(self, word: str) -> str | None:
        return next((stem for n in _STEM_LONGEST_FIRST if (stem := word[:n]) in self._stems), None)

    @staticmethod
    def _walk(node: _Node, keys: Sequence[Keys], start: int, found: list[tuple[int, int, int]]) -> None:
        """Follow every path from `node`; none is taken twice to the same place, however gaps overlap."""
        ways, seen, end = [(node, start + 1)], set(), len(keys) - 1
        while ways:
            node, at = ways.pop()
            if _END in node:
                found.append((node[_END], start, at))
            if at == end:
                continue
            for key in keys[at]:
                if key in node and (way := (id(node[key]), at)) not in seen:
                    seen.add(way)
                    ways.append((node[key], at + 1))
            if _GAP in node:
                ways.extend((node[_GAP], place) for place in _over_gap(keys, at))

    def _add(self, label: int, source: str) -> None:
        steps = [self._step(written, source) for written in source.split()]
        for chosen in product(*([(key,), ()] if optional else [(key,)] for key, optional in steps)):
            path = [key for step in chosen for key in step]
            if path and path[0] == _GAP:
                raise PhraseError(f'"{source}" must begin with a word')
            if not path or path[-1] == _GAP:
                raise PhraseError(f'"{source}" must end with a word')
            self._grow(path, self._ends.setdefault(label, {_END: label}))

    def _grow(self, path: Sequence[str], end: _Node) -> None:
        """Add a path to the tree. Most end in a node of their own: of one label that is one and the same."""
        node = self._root
        for key in path[:-1]:
            after = node.get(key)
            if after is None or (len(after) == 1 and _END in after):
                node[key] = after = dict(after or ())
            node = after
        if (after := node.get(path[-1])) is None:
            node[path[-1]] = end
        else:
            after.setdefault(_END, end[_END])

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


def _is_number(word: str) -> bool:
    return "0" <= word[0] <= "9"


def _with(keys: Keys, key: str) -> Keys:
    return keys if key in keys else (*keys, key)


def _over_gap(keys: Sequence[Keys], at: int) -> Iterator[int]:
    """Yield where the step after a gap may stand: up to so many words on, in the same sentence."""
    for place in range(at, min(at + _LONGEST_GAP + 1, len(keys) - 1)):
        if keys[place] is _EDGE_KEYS:
            return
        yield place
