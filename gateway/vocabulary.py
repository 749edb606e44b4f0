"""Which words texts are judged by."""

from __future__ import annotations

from dataclasses import dataclass

from policy.words import Words


@dataclass(slots=True)
class Vocabulary:
    """The organisation's own words, compiled; None: the shipped ones alone. One for all who judge."""

    words: Words | None = None
