"""Phrases as data: words, stems, classes, optional steps and short gaps, matched without backtracking.

A phrase is written as steps between spaces. `word` is that word, `stem*` a word that begins so, `<name>` any
member of a class (a member may be several words), `*` any one word, `..` up to three words, `.` the edge of
a sentence, `NUMBER` a telephone number. A step that ends in `?` may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

EDGE: Final = "."
GONE: Final = "_"  # stands in a text where words were taken out
NUMBER: Final = "NUMBER"
_GAP: Final = 3  # words
_SHORTEST_STEM: Final = 2
_FEW: Final = 3

Words: TypeAlias = Sequence[str]
Split: TypeAlias = Callable[[str], Sequence[str]]


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: it takes words of the text, or may take none."""

    words: Collection[str] = ()
    stems: tuple[str, ...] = ()
    runs: tuple[tuple[str, ...], ...] = ()
    optional: bool = False
    gap: bool = False
    any_word: bool = False

    def after(self, text: Words, at: int) -> Iterator[int]:
        """Yield each place where the next step may begin when this one begins at `at`."""
        if self.optional:
            yield at
        if self.gap:
            yield from self._over_gap(text, at)
        elif at < len(text):
            if self._takes(text[at]):
                yield at + 1
            for run in self.runs:
                if text[at] == run[0] and tuple(text[at : at + len(run)]) == run:
                    yield at + len(run)

    def _takes(self, word: str) -> bool:
        if self.any_word:
            return word not in (EDGE, GONE)
        return word in self.words or (bool(self.stems) and word.startswith(self.stems))

    @staticmethod
    def _over_gap(text: Words, at: int) -> Iterator[int]:
        for place in range(at, min(at + _GAP, len(text)) + 1):
            yield place
            if place < len(text) and text[place] == EDGE:
                return

    def firsts(self) -> Iterator[str]:
        """Yield the words and `stem*`s that it may begin with."""
        yield from self.words
        yield from (run[0] for run in self.runs)
        yield from (f"{stem}*" for stem in self.stems)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase and where it comes from."""

    source: str
    language: str
    steps: tuple[_Step, ...]

    def end(self, text: Words, start: int) -> int | None:
        """Return where its longest match from `start` ends, or None."""
        places = {start}
        for step in self.steps:
            places = {after for place in places for after in step.after(text, place)}
            if not places:
                return None
        return max(places)

    def takes_all(self, text: Words) -> bool:
        """Say whether it can take exactly the words of `text`."""
        return self.end(text, 0) == len(text)

    def vocabulary(self) -> Iterator[str]:
        """Yield every whole word in it."""
        for step in self.steps:
            yield from step.words
            for run in step.runs:
                yield from run


T = TypeVar("T")
Pool: TypeAlias = dict[Any, Any]
"""Everything that is kept once, however often it is written: words, runs of words, steps."""


def _shared(pool: Pool, value: T) -> T:
    found: T = pool.setdefault(value, value)
    return found


class Grammar:
    """Reads the phrases of one language."""

    def __init__(
        self, language: str, classes: Mapping[str, Sequence[str]], split: Split, pool: Pool | None = None
    ) -> None:
        """`pool` lets several grammars share what is equal in them."""
        self._pool: Pool = {} if pool is None else pool
        self._language = language
        self._classes = classes
        self._split = split
        self._steps: dict[str, _Step] = {}

    def phrase(self, source: str) -> Phrase:
        """Read a phrase. Raises `PhraseError` for an unknown class or a phrase that could match nothing."""
        steps = tuple(self._step(written) for written in source.split())
        if not any(step.words or step.stems or step.runs for step in steps[:1]) or all(
            map(_skippable, steps)
        ):
            raise PhraseError(f'"{source}" must begin with a word and require one')
        return Phrase(source, self._language, steps)

    def _step(self, written: str) -> _Step:
        if written not in self._steps:
            step = self._read(written)
            self._steps[written] = _shared(self._pool, step)
        return self._steps[written]

    def _read(self, written: str) -> _Step:
        optional = written.endswith("?")
        body = written.removesuffix("?")
        if body in ("..", "*"):
            return _Step(optional=optional, gap=body == "..", any_word=body == "*")
        if not (body.startswith("<") and body.endswith(">")):
            return self._alternatives([body], optional)
        if body[1:-1] not in self._classes:
            raise PhraseError(f'there is no class "{body[1:-1]}"')
        return self._alternatives(self._classes[body[1:-1]], optional)

    def _alternatives(self, members: Iterable[str], optional: bool) -> _Step:
        words, stems, runs = set(), [], []
        for member in members:
            if member in (EDGE, NUMBER):
                words.add(member)
                continue
            parts = self._parts(member)
            if member.endswith("*"):
                if len(parts) > 1 or len(parts[0]) < _SHORTEST_STEM:
                    raise PhraseError(f'"{member}" must be one stem of two letters or more')
                stems.append(parts[0])
            elif len(parts) == 1:
                words.add(parts[0])
            else:
                runs.append(_shared(self._pool, parts))
        few = len(words) <= _FEW  # a small set takes more room than it saves time
        return _Step(tuple(sorted(words)) if few else frozenset(words), tuple(stems), tuple(runs), optional)

    def _parts(self, member: str) -> tuple[str, ...]:
        split = self._split(member.removesuffix("*"))
        parts = tuple(_shared(self._pool, part) for part in split if part != EDGE)
        if not parts:
            raise PhraseError(f'"{member}" has no letters')
        return parts


def _skippable(step: _Step) -> bool:
    return step.optional or step.gap


_Entry = tuple[Phrase, tuple[int, ...]]
"""A phrase and the steps without which it cannot be there."""


class Phrases:
    """Many phrases, found by the words they may begin with, passed over when a word they need is missing."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        by_first: dict[str, list[_Entry]] = {}
        steps: dict[str, set[int]] = {}
        numbers: dict[int, int] = {}  # of each step, by its identity
        for phrase in phrases:
            number = {id(step): numbers.setdefault(id(step), len(numbers)) for step in phrase.steps}
            needed = (step for step in phrase.steps if not _skippable(step) and not step.any_word)
            entry = (phrase, tuple(dict.fromkeys(number[id(step)] for step in needed)))
            for first in _firsts(phrase):
                by_first.setdefault(first, []).append(entry)
            for step in phrase.steps:
                for word in step.firsts():
                    steps.setdefault(word, set()).add(number[id(step)])
        # Kept for the life of the gateway, so kept small: the words of a class begin the same phrases.
        alike: dict[tuple[int, ...], tuple[_Entry, ...]] = {}
        self._by_first = {
            first: alike.setdefault(tuple(map(id, entries)), tuple(entries))
            for first, entries in by_first.items()
        }
        pool: Pool = {}
        self._steps = {word: _shared(pool, tuple(found)) for word, found in steps.items()}  # by word or stem*
        self._longest_stem = max((len(word) - 1 for word in steps), default=_SHORTEST_STEM)

    def whole(self, text: Words) -> Phrase | None:
        """Return a phrase that takes all of `text`, which has a word or more."""
        candidates = self._beginning(text[0], self._there(text))
        return next((phrase for phrase in candidates if phrase.takes_all(text)), None)

    def found(self, text: Words) -> Iterator[tuple[Phrase, int, int]]:
        """Yield each phrase in `text` with the place where it starts and where it ends."""
        there = self._there(text)
        for at, word in enumerate(text):
            for phrase in self._beginning(word, there):
                end = phrase.end(text, at)
                if end is not None:
                    yield phrase, at, end

    def _there(self, text: Words) -> set[int]:
        """Return the steps that some word of `text` could take."""
        return {step for word in set(text) for key in self._keys(word) for step in self._steps.get(key, ())}

    def _beginning(self, word: str, there: set[int]) -> Iterator[Phrase]:
        for key in self._keys(word):
            for phrase, needs in self._by_first.get(key, ()):
                if there.issuperset(needs):
                    yield phrase

    def _keys(self, word: str) -> Iterator[str]:
        yield word
        for length in range(_SHORTEST_STEM, min(len(word), self._longest_stem) + 1):
            yield f"{word[:length]}*"


def _firsts(phrase: Phrase) -> set[str]:
    needed = next(at for at, step in enumerate(phrase.steps) if not _skippable(step))
    return {first for step in phrase.steps[: needed + 1] for first in step.firsts()}
