"""First version: the exact keywords."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policy.settings import PolicySettings


class Tier(StrEnum):
    """What is done with a reply."""

    ACT = "act"
    HOLD = "hold"
    START = "start"
    HELP = "help"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The tier of a reply and why."""

    tier: Tier
    reason: str
    matched: str = ""
    topic: str | None = None
    language: str | None = None
    may_mean_appointment: bool = False


_KEYWORDS = {
    **dict.fromkeys(
        ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"], Tier.ACT
    ),
    **dict.fromkeys(["start", "unstop"], Tier.START),
    **dict.fromkeys(["help", "info"], Tier.HELP),
}


class Classifier:
    """Says what a reply means."""

    def __init__(self, settings: PolicySettings) -> None:
        self._settings = settings

    def classify(self, text: str, *, recent_appointment: bool = False) -> Classification:
        """Return the tier of `text`."""
        word = text.strip(" .!\n").casefold()
        tier = _KEYWORDS.get(word, Tier.INBOX)
        ambiguous = recent_appointment and word in ("cancel", "end")
        return Classification(tier=tier, reason="keyword", matched=word, may_mean_appointment=ambiguous)
