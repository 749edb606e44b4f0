"""What a use case refuses, named by what the caller can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.store import StoreUnavailable
from policy import Decision

__all__ = [
    "Conflict",
    "Fault",
    "Invalid",
    "NotAuthenticated",
    "NotFound",
    "PreconditionFailed",
    "Refusal",
    "ScopeMissing",
    "StoreUnavailable",  # every use case may raise it
]


class Refusal(Exception):
    """The policy says no, or not yet: the reasons say why and whether a retry can help."""

    def __init__(self, decision: Decision, at: datetime | None = None) -> None:
        """`at`: when it was decided; with it, whoever is refused for now can be told how long to wait."""
        super().__init__(", ".join(reason.code for reason in decision.reasons))
        self.decision = decision
        until = decision.until
        self.wait = None if at is None or until is None else max(until - at, timedelta(seconds=1))


class NotAuthenticated(Exception):
    """No key, or one that is unknown, expired, revoked or whose person is suspended."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ScopeMissing(Exception):
    """The key is good but may not do this."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this key lacks the scope {scope}")
        self.scope = scope


class NotFound(Exception):
    """There is no such thing, or it is not the caller's to see."""


class Conflict(Exception):
    """The state of the thing does not allow it (already sent, same key with another body)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PreconditionFailed(Exception):
    """The thing is not as the caller last saw it (If-Match)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty field or line: where, and what to do."""

    field: str
    message: str


class Invalid(Exception):
    """The request cannot be understood; every faulty field is listed."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults
