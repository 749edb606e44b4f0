"""Which approved template a finished text is an instance of (3.3): for callers who can only send texts.

The text must be the template's words with something in each slot, with or without the organisation's name and
the opt-out text. What is in the slots is judged as always; what is sent is what the template makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policy.settings import PolicySettings
from policy.templates import PLACEHOLDER, Slots, render
from policy.verdict import Reason
from policy.way_out import without

_LONGEST_VALUE: Final = 60
_STEPS: Final = 5000  # for one text and one template: many slots could be filled in very many ways
_READINGS: Final = 50
_NUMERIC_DATE: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Match:
    """What is in each slot, and why that does not fit; `literal`: characters that the template itself has."""

    values: dict[str, str]
    reasons: tuple[Reason, ...]
    literal: int


def match(text: str, body: str, slots: Slots, settings: PolicySettings, now: datetime) -> Match | None:
    """Return how `text` is an instance of a template; None where it is not.

    Where several readings are possible it is the first whose slots all fit, else the first.
    """
    pieces = PLACEHOLDER.split(_own(body, settings))
    literals, names = pieces[::2], pieces[1::2]
    first: Match | None = None
    for number, values in enumerate(_readings(_own(text, settings), literals, names)):
        given = {name: _written(value, str(slots[name].get("style"))) for name, value in values.items()}
        found = Match(given, render(body, slots, given, settings, now).reasons, sum(map(len, literals)))
        if not found.reasons:
            return found
        first = first or found
        if number == _READINGS:
            break
    return first


def _own(text: str, settings: PolicySettings) -> str:
    """Return a text without what the gateway adds, with plain line ends."""
    words = without(text.replace("\r\n", "\n"), settings)
    return words.removeprefix(settings.signature.strip()).strip()


def _readings(text: str, literals: Sequence[str], names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the ways to fill the slots between `literals` so that the whole is `text`."""
    if not text.startswith(literals[0]):
        return
    left = [_STEPS]
    yield from _rest(text, len(literals[0]), 0, {}, literals, names, left)


def _rest(
    text: str,
    place: int,
    slot: int,
    values: dict[str, str],
    literals: Sequence[str],
    names: Sequence[str],
    left: list[int],
) -> Iterator[dict[str, str]]:
    if slot == len(names):
        if place == len(text):
            yield values
        return
    literal, last = literals[slot + 1], slot + 1 == len(names)
    for end in _ends(text, place, literal, last=last):
        left[0] -= 1
        if left[0] < 0:
            return
        value, name = text[place:end], names[slot]
        if values.get(name, value) == value:
            yield from _rest(
                text, end + len(literal), slot + 1, values | {name: value}, literals, names, left
            )


def _ends(text: str, place: int, literal: str, *, last: bool) -> Iterator[int]:
    """Yield where a slot that begins at `place` may end, before `literal`."""
    if last:
        end = len(text) - len(literal)
        if text.endswith(literal) and place < end <= place + _LONGEST_VALUE:
            yield end
        return
    end = text.find(literal, place + 1, place + _LONGEST_VALUE + len(literal))
    while end != -1:
        yield end
        end = text.find(literal, end + 1, place + _LONGEST_VALUE + len(literal))


def _written(value: str, style: str) -> str:
    """Return a date as a slot takes it: what is shown in numbers is not."""
    found = _NUMERIC_DATE.fullmatch(value) if style == "numeric" else None
    return f"{found[3]}-{found[2]}-{found[1]}" if found else value
