"""Whether a text is about one person: a name, he or she, "your son", a statement of "your child"."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from policy.content.phrases import EDGE
from policy.content.reading import Reading


class Person(IntEnum):
    """How closely a sentence points at one person."""

    NOBODY = 0
    A_CHILD = 1  # "your child", which is also said to everybody
    SOMEBODY = 2  # he, she, a name; "your child's"
    THIS_ONE = 3  # "your son"; what a name or "your child" has, is or did


@dataclass(frozen=True, slots=True)
class People:
    """The words of `themes/people.toml`."""

    pronouns: frozenset[str]
    one: frozenset[str]
    child: frozenset[str]
    states: frozenset[str]
    name_verbs: frozenset[str]
    titles: frozenset[str]
    places: frozenset[str]
    before_places: frozenset[str]
    capitalised: frozenset[str]
    names: frozenset[str]
    pointing: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Note every word that may point at a person."""
        object.__setattr__(self, "pointing", self.pronouns | self.one | self.child)

    def names_in(self, reading: Reading) -> set[int]:
        """Return the places of the words that are first names, or stand where names do."""
        if reading.text.islower():
            return {at for at, word in enumerate(reading.words) if len(word) > 3 and word in self.names}
        return {at for at in _capitalised(reading) if self._is_name(reading, at)}

    def persons(self, words: Sequence[str], names: Collection[int], owners: Collection[int]) -> list[Person]:
        """Return, for each word, how closely its sentence points at one person."""
        found = [Person.NOBODY] * len(words)
        start = 0
        for end in (*(at for at, word in enumerate(words) if word == EDGE), len(words)):
            pointers = (
                self._person(words, at, names, owners)
                for at in range(start, end)
                if words[at] in self.pointing or at in names
            )
            found[start:end] = [max(pointers, default=Person.NOBODY)] * (end - start)
            start = end
        return found

    def _person(
        self, words: Sequence[str], at: int, names: Collection[int], owners: Collection[int]
    ) -> Person:
        word = words[at]
        after = words[at + 1] if at + 1 < len(words) else EDGE
        stated = after in self.states or after in self.name_verbs or after.endswith("ed")
        if at in names:
            return Person.THIS_ONE if stated or at in owners else Person.SOMEBODY
        if word in self.pronouns:
            return Person.SOMEBODY
        if (word not in self.child and word not in self.one) or words[at - 1 : at] != ["your"]:
            return Person.NOBODY
        if word in self.one or after in self.states:
            return Person.THIS_ONE
        return Person.SOMEBODY if at in owners else Person.A_CHILD

    def _is_name(self, reading: Reading, at: int) -> bool:
        words = reading.words
        before = words[at - 1] if at else EDGE
        after = words[at + 1] if at + 1 < len(words) else EDGE
        if before in self.titles or after in self.places:
            return False
        return words[at] in self.names or self._looks_like_one(reading, at, before, after)

    def _looks_like_one(self, reading: Reading, at: int, before: str, after: str) -> bool:
        """Say whether an unknown capitalised word owns something, or something is said of it."""
        start, end = reading.spans[at]
        word = reading.words[at]
        rest = reading.text[start + 1 : end]
        if word in self.capitalised or len(word) < 3 or not word.isalpha() or not rest.islower():
            return False
        owns = at in reading.owners
        if before == EDGE:
            return owns
        if reading.text[reading.spans[at - 1][0]].isupper() and before not in self.capitalised:
            return False  # the end of a longer name: of a place, a firm, a person
        return before not in self.before_places and (owns or after in self.states or after in self.name_verbs)


def _capitalised(reading: Reading) -> Iterator[int]:
    for at, (start, _) in enumerate(reading.spans):
        if reading.text[start].isupper():
            yield at
