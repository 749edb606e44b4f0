"""A message that everything speaks for, to be spoilt one fact at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from policy import (
    Consent,
    Decision,
    Draft,
    Facts,
    Kind,
    PolicySettings,
    RecipientFacts,
    SenderFacts,
    Stage,
    TemplateFacts,
    TemplateRef,
    decide,
    normalise,
    render,
)
from policy.quiet_hours import BankHolidays

SETTINGS = PolicySettings.load()
NOW = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)  # a Monday; the policy's review is in date
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
NUMBER = "+447911123456"

TEMPLATE = TemplateFacts(
    name="trip",
    version=2,
    language="en",
    purpose="event_notice",
    body="The trip to {place} is on {day}.",
    slots={"place": {"type": "choice", "choices": ["the museum", "the farm"]}, "day": {"type": "date"}},
    status="approved",
    author="ann",
    approver="ben",
    expires_at=NOW + YEAR,
)
SLOTS = {"place": "the farm", "day": "2025-06-13"}
SENDER = SenderFacts(
    active=True,
    acknowledged=True,
    roles={"sender": NOW + YEAR},
    key_kind="live",
    key_expires_at=NOW + YEAR,
    key_revoked_at=None,
    scopes={"messages:send"},
    purposes=None,
    templates=None,
    sending_suspended_at=None,
    trained_until=None,
    caps=(),
)
RECIPIENT = RecipientFacts(recent=())
CONSENT = Consent(purpose="event_notice", given_at=NOW - YEAR, expires_at=NOW + YEAR)
FACTS = Facts(
    settings=SETTINGS,
    sending=True,
    number=normalise(NUMBER, SETTINGS),
    recipient=RECIPIENT,
    consents=(CONSENT,),
    sender=SENDER,
    template=TEMPLATE,
    holidays=BankHolidays({}, frozenset(range(2020, 2030))),
)
DRAFT = Draft(
    stage=Stage.SUBMIT,
    number=NUMBER,
    text=render(TEMPLATE.body, TEMPLATE.slots, SLOTS, SETTINGS, NOW).text,
    parts=1,
    purpose="event_notice",
    template=TemplateRef("trip"),
    slots=SLOTS,
)
REPLIES = {
    Kind.OPT_OUT_CONFIRMATION: SETTINGS.stop_confirmation,
    Kind.START_CONFIRMATION: SETTINGS.start_confirmation,
    Kind.HELP: SETTINGS.help_text,
}


def settings(**changes: Any) -> PolicySettings:
    """Return the shipped policy with some settings changed, checked as a file would be."""
    return PolicySettings.model_validate(SETTINGS.model_dump() | changes)


def draft(**changes: Any) -> Draft:
    return replace(DRAFT, **changes)


def facts(**changes: Any) -> Facts:
    """Return the good facts; `sender=…`, `recipient=…` and `template=…` may be a dict of changes."""
    for name, good in (("sender", SENDER), ("recipient", RECIPIENT), ("template", TEMPLATE)):
        if isinstance(changes.get(name), dict):
            changes[name] = replace(good, **changes[name])
    return replace(FACTS, **changes)


def reply(kind: Kind, **changes: Any) -> Draft:
    """Return one of the gateway's own replies, as it is put at hand-off."""
    return Draft(
        **{"stage": Stage.HANDOFF, "number": NUMBER, "text": REPLIES[kind], "parts": 1, "kind": kind}
        | changes
    )


def reply_facts(**changes: Any) -> Facts:
    """Return what is known when the gateway replies by itself: no sender, no template."""
    return facts(**{"sender": None, "template": None, "consents": ()} | changes)


def found(decision: Decision) -> list[tuple[str, str]]:
    """Return (code, clause) of each reason."""
    return [(reason.code.value, reason.clause) for reason in decision.reasons]


def judged(the_facts: Facts = FACTS, now: datetime = NOW, **changes: Any) -> list[tuple[str, str]]:
    """Decide on the good draft with `changes`; return (code, clause) of each reason."""
    return found(decide(draft(**changes), the_facts, now))


def on(day: str) -> datetime:
    """Return noon of a day, UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")
