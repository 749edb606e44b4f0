"""How much is too much: the most that one person gets, and that one key or person sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

DAY: Final = timedelta(days=1)


class Limits(BaseModel):
    """The limits that the policy sets. None can be left open: what is meant to be large is written down."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    recipient_a_day: Annotated[int, Field(ge=1, le=100_000)] = 3  # texts to one number in any 24 hours
    same_wording_minutes: Annotated[int, Field(ge=0, le=1440)] = 10  # the same wording to one number
    person_a_day: Annotated[int, Field(ge=1, le=10_000_000)] = 5000  # recipients, by all keys of one person

    @property
    def same_wording(self) -> timedelta:
        """How long the same wording does not go to the same number again."""
        return timedelta(minutes=self.same_wording_minutes)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A text to the same number that counts: sent, or on its way, and not taken back."""

    at: datetime  # when it may leave, or left
    same: bool  # the same wording


@dataclass(frozen=True, slots=True)
class Cap:
    """How much of something is used up, and when the count begins anew."""

    of: str  # as "this key", for people
    span: str  # as "a minute"
    most: int
    used: int
    until: datetime


def room_at(times: Sequence[datetime], at: datetime, most: int) -> datetime:
    """Return the first instant from `at` on at which one more leaves no more than `most` in any 24 hours."""
    if len(times) < most or _fits(times, at, most):
        return at
    later = sorted(each + DAY for each in times if each + DAY > at)
    return next(instant for instant in later if _fits(times, instant, most))


def _fits(times: Sequence[datetime], at: datetime, most: int) -> bool:
    near = sorted([each for each in times if at - DAY < each < at + DAY] + [at])
    return all(last - first >= DAY for first, last in zip(near, near[most:], strict=False))
