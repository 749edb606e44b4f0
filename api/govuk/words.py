"""Notify's words for ours: identifiers, statuses, placeholders, errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from aiohttp import web

from api.problems import Problem
from gateway.errors import Fault, Invalid
from gateway.model import CancelReason, Status
from gateway.records import MessageView
from gateway.sms import TpOutcome, tp_outcome
from policy import Code, Reason

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")

_WORDS: Final[Mapping[Status, str]] = {
    Status.HELD: "created",
    Status.SCHEDULED: "created",
    Status.QUEUED: "created",
    Status.SENDING: "sending",
    Status.SENT: "sending",
    Status.UNCERTAIN: "pending",
    Status.DELIVERED: "delivered",
    Status.FAILED: "technical-failure",
    Status.EXPIRED: "technical-failure",
}
WORDS: Final = (*dict.fromkeys(_WORDS.values()), "permanent-failure", "temporary-failure")

MEANT: Final[Mapping[str, frozenset[Status]]] = {
    word: frozenset(status for status in Status if _WORDS.get(status, word) == word) for word in WORDS
}
"""The statuses in which a message may have a word; for the failures `word` decides on the message itself."""


def word(message: MessageView) -> str:
    """Return Notify's status of a message."""
    if message.status is Status.CANCELLED:
        opted_out = message.cancel_reason is CancelReason.OPTED_OUT
        return "permanent-failure" if opted_out else "technical-failure"
    if message.status is Status.UNDELIVERED:
        reports = [tp_outcome(part.tp_status) for part in message.parts if part.tp_status is not None]
        return "permanent-failure" if TpOutcome.PERMANENT in reports else "temporary-failure"
    return _WORDS[message.status]


def to_uuid(ident: str) -> str:
    """Return an identifier of ours as a UUID: the same 128 bits."""
    value = 0
    for digit in ident.partition("_")[2]:
        value = value << 5 | _ALPHABET.index(digit)
    return str(UUID(int=value & (1 << 128) - 1))


def from_uuid(prefix: str, field: str, text: str) -> str:
    """Return the identifier that a UUID stands for; raise `Invalid` of that field where the text is none."""
    try:
        value = UUID(text).int
    except ValueError:
        raise Invalid((Fault(field, "is not a valid UUID"),)) from None
    return f"{prefix}_" + "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def instant(value: datetime | None) -> str | None:
    """Return an instant as Notify writes it."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def placeholders(body: str) -> str:
    """Return a template's words with Notify's ((placeholders))."""
    return _PLACEHOLDER.sub(r"((\1))", body)


def slot_name(name: str) -> str:
    """Return the slot that a key of `personalisation` means: `First name` is first_name, as with Notify."""
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


_ERRORS: Final[Mapping[int, tuple[int, str]]] = {
    401: (401, "AuthError"),
    404: (404, "NoResultFound"),
    405: (405, "BadRequestError"),
    413: (413, "BadRequestError"),
    429: (429, "RateLimitError"),
    500: (500, "Exception"),
    503: (503, "Exception"),
}


def failure(problem: Problem) -> web.Response:
    """Return a problem as Notify tells it; the clause and our code stand in its sentence."""
    status, kind = _ERRORS.get(problem.status, (400, "BadRequestError"))
    if problem.code == "RATE_LIMITED":
        kind = "TooManyRequestsError"  # by the policy; `RateLimitError` is of requests, whatever they ask for
    elif problem.code.startswith("KEY_"):
        status, kind = (401 if problem.code == "KEY_MISSING" else 403), "AuthError"
    elif problem.code == "SCOPE_MISSING":
        status, kind = 403, "AuthError"
    return web.json_response(
        {"status_code": status, "errors": _sentences(problem, kind)},
        status=status,
        headers={name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"},
    )


def _sentences(problem: Problem, kind: str) -> list[dict[str, Any]]:
    if problem.faults:
        return [
            {"error": "ValidationError", "message": f"{fault.field} {fault.message}".strip()}
            for fault in problem.faults
        ]
    if problem.reasons:
        return [_sentence(reason, kind) for reason in problem.reasons]
    message = "No result found" if problem.status == 404 else problem.detail
    return [{"error": kind, "message": message}]


def _sentence(reason: Reason, kind: str) -> dict[str, Any]:
    message = f"{reason.message} ({reason.code.value}, clause {reason.clause})"
    if reason.code is Code.NUMBER_INVALID:
        return {"error": "ValidationError", "message": f"phone_number: {message}"}
    return {"error": kind, "message": message}
