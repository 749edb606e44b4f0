"""What the policy answers: an outcome, and every reason for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self


class Outcome(StrEnum):
    """What may be done with a message. HOLD waits for a person or a time."""

    ALLOW = "ALLOW"
    HOLD = "HOLD"
    DENY = "DENY"


class Code(StrEnum):
    """The stable names of reasons. Callers may rely on them; sentences may change."""

    NOT_AUTHORISED_SENDER = "NOT_AUTHORISED_SENDER"
    KEY_OWNER_INACTIVE = "KEY_OWNER_INACTIVE"
    SCOPE_MISSING = "SCOPE_MISSING"
    POLICY_NOT_ACKNOWLEDGED = "POLICY_NOT_ACKNOWLEDGED"
    TRAINING_EXPIRED = "TRAINING_EXPIRED"
    POLICY_REVIEW_OVERDUE = "POLICY_REVIEW_OVERDUE"
    PURPOSE_NOT_PERMITTED = "PURPOSE_NOT_PERMITTED"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    MARKETING_DISABLED = "MARKETING_DISABLED"
    TEMPLATE_NOT_APPROVED = "TEMPLATE_NOT_APPROVED"
    SLOT_INVALID = "SLOT_INVALID"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    CONTENT_SENSITIVE = "CONTENT_SENSITIVE"
    CONTENT_REVIEW_REQUIRED = "CONTENT_REVIEW_REQUIRED"
    TONE_REJECTED = "TONE_REJECTED"
    TOO_LONG = "TOO_LONG"
    RECIPIENT_OPTED_OUT = "RECIPIENT_OPTED_OUT"
    RECIPIENT_ON_HOLD = "RECIPIENT_ON_HOLD"
    NUMBER_INVALID = "NUMBER_INVALID"
    NUMBER_SUSPECT = "NUMBER_SUSPECT"
    RATE_LIMITED = "RATE_LIMITED"
    QUIET_HOURS = "QUIET_HOURS"
    SENDING_SUSPENDED = "SENDING_SUSPENDED"


WHO, STATE, CONTENT, LIMIT, SUSPENDED = 403, 409, 422, 429, 503

HTTP_STATUS: Final[Mapping[Code, int]] = {
    Code.NOT_AUTHORISED_SENDER: WHO,
    Code.KEY_OWNER_INACTIVE: WHO,
    Code.SCOPE_MISSING: WHO,
    Code.POLICY_NOT_ACKNOWLEDGED: WHO,
    Code.TRAINING_EXPIRED: WHO,
    Code.PURPOSE_NOT_PERMITTED: WHO,
    Code.MARKETING_DISABLED: WHO,
    Code.CONSENT_MISSING: STATE,
    Code.CONSENT_EXPIRED: STATE,
    Code.TEMPLATE_NOT_APPROVED: STATE,
    Code.APPROVAL_REQUIRED: STATE,
    Code.RECIPIENT_OPTED_OUT: STATE,
    Code.RECIPIENT_ON_HOLD: STATE,
    Code.NUMBER_SUSPECT: STATE,
    Code.SLOT_INVALID: CONTENT,
    Code.CONTENT_SENSITIVE: CONTENT,
    Code.CONTENT_REVIEW_REQUIRED: CONTENT,
    Code.TONE_REJECTED: CONTENT,
    Code.TOO_LONG: CONTENT,
    Code.NUMBER_INVALID: CONTENT,
    Code.RATE_LIMITED: LIMIT,
    Code.QUIET_HOURS: LIMIT,
    Code.SENDING_SUSPENDED: SUSPENDED,
    Code.POLICY_REVIEW_OVERDUE: SUSPENDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why not, or why not yet. `message` never repeats the text or the number."""

    code: Code
    clause: str  # of the policy, as "6.2"
    message: str  # a sentence for people: what is wrong and what to do
    retry: bool = False  # the same message may be let through later, with nothing changed by the caller
    outcome: Outcome = Outcome.DENY
    field: str | None = None  # of the request, as "slots.date"
    until: datetime | None = None  # when it will be no reason any more, if nothing else happens

    @property
    def http_status(self) -> int:
        """The status that a refusal for this reason alone answers with."""
        return HTTP_STATUS[self.code]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values that JSON can keep; `from_dict` undoes it."""
        until = None if self.until is None else self.until.isoformat()
        return asdict(self) | {"code": self.code.value, "outcome": self.outcome.value, "until": until}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Make a reason of what `as_dict` or `dataclasses.asdict` gave, through JSON or not.

        Raises `ValueError` for a code, an outcome or an instant that does not exist, `KeyError` or
        `TypeError` for other keys.
        """
        until = kept.get("until")
        until = datetime.fromisoformat(until) if isinstance(until, str) else until
        known = {"code": Code(kept["code"]), "outcome": Outcome(kept["outcome"]), "until": until}
        return cls(**{**kept, **known})


_SEVERITY: Final = {Outcome.ALLOW: 0, Outcome.HOLD: 1, Outcome.DENY: 2}


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: the worst of all reasons; ALLOW when there is none."""

    reasons: tuple[Reason, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """ALLOW without a reason, else the worst outcome of any."""
        return max(
            (reason.outcome for reason in self.reasons), key=_SEVERITY.__getitem__, default=Outcome.ALLOW
        )

    @property
    def may_pass(self) -> bool:
        """Whether all that denies may go by itself: a refusal for now."""
        return all(reason.retry for reason in self.reasons if reason.outcome is Outcome.DENY)

    @property
    def http_status(self) -> int:
        """The status of the first of the worst reasons; 202 where nothing is denied."""
        return next((r.http_status for r in self.reasons if r.outcome is Outcome.DENY), 202)

    @property
    def until(self) -> datetime | None:
        """When the last of its worst reasons is none any more; None where one has no end by itself."""
        ends = [reason.until for reason in self.reasons if reason.outcome is self.outcome]
        return max((end for end in ends if end is not None), default=None) if None not in ends else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values that JSON can keep: `{"reasons": [{"code": …, "clause": …, …}]}`."""
        return {"reasons": [reason.as_dict() for reason in self.reasons]}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Make the decision again of what `as_dict` or `dataclasses.asdict` gave.

        Raises `KeyError` without `reasons`, else as `Reason.from_dict`.
        """
        return cls(tuple(Reason.from_dict(reason) for reason in kept["reasons"]))
