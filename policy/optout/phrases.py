"""Phrases as data: words, stems, classes, optional steps and short gaps, matched without backtracking.

A phrase is written as steps between spaces. `word` is that word, `stem*` a word that begins so, `<name>` any
member of a class (a member may be several words), `..` up to three words, `.` the edge of a sentence,
`NUMBER` a telephone number. A step that ends in `?` may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

EDGE: Final = "."
NUMBER: Final = "NUMBER"
_GAP: Final = 3  # words
_SHORTEST_STEM: Final = 2

Words: TypeAlias = Sequence[str]
Split: TypeAlias = Callable[[str], Sequence[str]]


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: it takes words of the text, or may take none."""

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    runs: tuple[tuple[str, ...], ...] = ()
    optional: bool = False
    gap: bool = False

    def after(self, text: Words, at: int) -> Iterator[int]:
        """Yield each place where the next step may begin when this one begins at `at`."""
        if self.optional:
            yield at
        if self.gap:
            yield from self._over_gap(text, at)
        elif at < len(text):
            if text[at] in self.words or (self.stems and text[at].startswith(self.stems)):
                yield at + 1
            for run in self.runs:
                if text[at] == run[0] and tuple(text[at : at + len(run)]) == run:
                    yield at + len(run)

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

    def ends_at(self, text: Words, start: int, end: int) -> bool:
        """Say whether it can take exactly the words from `start` to `end`."""
        places = {start}
        for step in self.steps:
            places = {after for place in places for after in step.after(text, place) if after <= end}
        return end in places

    def vocabulary(self) -> Iterator[str]:
        """Yield every whole word in it."""
        for step in self.steps:
            yield from step.words
            for run in step.runs:
                yield from run


def compile_phrase(source: str, language: str, classes: Mapping[str, Sequence[str]], split: Split) -> Phrase:
    """Read a phrase. Raises `PhraseError` for an unknown class or a phrase that could match nothing."""
    steps = tuple(_step(word, classes, split) for word in source.split())
    if not steps or steps[0].gap or all(step.optional or step.gap for step in steps):
        raise PhraseError(f'"{source}" must begin with a word and require one')
    return Phrase(source, language, steps)


def _step(written: str, classes: Mapping[str, Sequence[str]], split: Split) -> _Step:
    optional = written.endswith("?")
    body = written.removesuffix("?")
    if body == "..":
        return _Step(gap=True)
    if not (body.startswith("<") and body.endswith(">")):
        return _alternatives([body], optional, split)
    if body[1:-1] not in classes:
        raise PhraseError(f'there is no class "{body[1:-1]}"')
    return _alternatives(classes[body[1:-1]], optional, split)


def _alternatives(members: Iterable[str], optional: bool, split: Split) -> _Step:
    words, stems, runs = set(), [], []
    for member in members:
        if member in (EDGE, NUMBER):
            words.add(member)
            continue
        parts = [part for part in split(member.removesuffix("*")) if part != EDGE]
        if not parts:
            raise PhraseError(f'"{member}" has no letters')
        if member.endswith("*"):
            if len(parts) > 1 or len(parts[0]) < _SHORTEST_STEM:
                raise PhraseError(f'"{member}" must be one stem of two letters or more')
            stems.append(parts[0])
        elif len(parts) == 1:
            words.add(parts[0])
        else:
            runs.append(tuple(parts))
    return _Step(frozenset(words), tuple(stems), tuple(runs), optional)


class Phrases:
    """Many phrases, found by the words they may begin with."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_first: dict[str, list[Phrase]] = {}
        self._longest_stem = _SHORTEST_STEM
        for phrase in phrases:
            for first in _firsts(phrase):
                self._by_first.setdefault(first, []).append(phrase)
                self._longest_stem = max(self._longest_stem, len(first))

    def whole(self, text: Words, start: int = 0, end: int | None = None) -> Phrase | None:
        """Return a phrase that takes exactly the words from `start` to `end`."""
        stop = len(text) if end is None else end
        candidates = self._beginning(text[start]) if start < stop else ()
        return next((phrase for phrase in candidates if phrase.ends_at(text, start, stop)), None)

    def found(self, text: Words) -> Iterator[tuple[Phrase, int, int]]:
        """Yield each phrase in `text` with the place where it starts and where it ends."""
        for at, word in enumerate(text):
            for phrase in self._beginning(word):
                end = phrase.end(text, at)
                if end is not None:
                    yield phrase, at, end

    def _beginning(self, word: str) -> Iterator[Phrase]:
        yield from self._by_first.get(word, ())
        for length in range(_SHORTEST_STEM, min(len(word), self._longest_stem) + 1):
            yield from self._by_first.get(f"{word[:length]}*", ())


def _firsts(phrase: Phrase) -> set[str]:
    found: set[str] = set()
    for step in phrase.steps:
        found.update(step.firsts())
        if not step.optional:
            break
    return found
