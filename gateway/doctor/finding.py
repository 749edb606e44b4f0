"""One finding: what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    WRONG = "wrong"  # something does not work
    WARNING = "warning"  # it works, but not for long or not well


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is a file, a modem or "gateway"; `remedy` is what a technician does next."""

    level: Level
    about: str
    what: str
    remedy: str


def wrong(about: str, what: str, remedy: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(Level.WRONG, about, what, remedy)


def warning(about: str, what: str, remedy: str) -> Finding:
    """Return a finding of something that will not work for long, or not well."""
    return Finding(Level.WARNING, about, what, remedy)
