"""Drafts and facts near the edge of a refusal, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from policy import (
    Consent,
    Draft,
    Facts,
    Kind,
    Outcome,
    Stage,
    TemplateRef,
    decide,
    normalise,
)
from policy.limits import Cap, Earlier
from policy.quiet_hours import NOT_KNOWN
from tests.policy.cases import (
    CONSENT,
    DAY,
    DRAFT,
    NOW,
    SETTINGS,
    YEAR,
    draft,
    facts,
    settings,
)

SEVERITY = [Outcome.ALLOW, Outcome.HOLD, Outcome.DENY]
PURPOSES = [*SETTINGS.purposes, "fundraising", ""]
Case = tuple[Draft, Facts]
Spoil = tuple[str, str, Any]  # of which record, which field, with what
INSTANTS = [NOW - YEAR, NOW - timedelta(days=8), NOW - timedelta(hours=1), NOW, NOW + DAY, NOW + YEAR]


Worsen = Callable[[Facts], Facts]


def field(name: str, /, **changes: Any) -> Worsen:
    """Return a change of one record of the facts; what is not known stays unknown."""

    def worsen(known: Facts) -> Facts:
        record = getattr(known, name)
        return known if record is None else replace(known, **{name: replace(record, **changes)})

    return worsen


def spoils(record: str, **bad: st.SearchStrategy[Any]) -> list[st.SearchStrategy[Spoil]]:
    """Return, per field of a record, how to draw something worse for it."""
    return [values.map(lambda value, name=name: (record, name, value)) for name, values in bad.items()]


def spoilt(purpose: str, what: list[Spoil]) -> Case:
    """Return a good draft and facts for a purpose, with a few things made worse."""
    known = facts(
        template={"purpose": purpose},
        recipient={"last_inbound_at": NOW - DAY},
        consents=[replace(CONSENT, purpose=purpose)],
    )
    case = (draft(purpose=purpose), known)
    for record, name, value in what:
        if record == "draft":
            case = (replace(case[0], **{name: value}), case[1])
        elif record == "facts":
            case = (case[0], replace(case[1], **{name: value}))
        else:
            case = (case[0], field(record, **{name: value})(case[1]))
    return case


CONSENTS = st.builds(
    Consent,
    purpose=st.sampled_from(["event_notice", *PURPOSES]),
    given_at=st.sampled_from(INSTANTS),
    expires_at=st.sampled_from(INSTANTS),
    withdrawn_at=st.sampled_from([None, *INSTANTS]),
)
REVIEWS = [
    SETTINGS.review.model_dump() | {"last_reviewed": reviewed, "overdue": overdue}
    for reviewed in ("2024-11-08", "2024-05-15", "2023-01-01")
    for overdue in ("warn", "block_bulk", "block_all")
]
REVIEWED = [settings(review=review) for review in REVIEWS]
NUMBERS = [None, normalise("07911 123457", SETTINGS), normalise("0909 123 4567", SETTINGS)]
TOPICS = st.dictionaries(
    st.sampled_from(["", "events", "appointments", "clubs"]), st.sampled_from(INSTANTS), max_size=2
)
RECENT = st.lists(
    st.builds(
        Earlier,
        at=st.integers(-1500, 1500).map(lambda minutes: NOW + timedelta(minutes=minutes)),
        same=st.booleans(),
    ),
    max_size=4,
)
CAPS = st.lists(
    st.builds(
        Cap,
        of=st.just("this key"),
        span=st.just("a day"),
        most=st.integers(1, 3),
        used=st.integers(0, 4),
        until=st.just(NOW + DAY),
    ),
    max_size=2,
)
SPOILS = [
    *spoils(
        "draft",
        stage=st.sampled_from(Stage),
        text=st.sampled_from(["", "Hello", DRAFT.text * 2, SETTINGS.help_text]),
        parts=st.integers(0, 4),
        kind=st.sampled_from(Kind),
        purpose=st.sampled_from(PURPOSES),
        template=st.sampled_from([None, TemplateRef("closure"), TemplateRef("trip", "cy")]),
        slots=st.none() | st.dictionaries(st.sampled_from(["place", "day", "x"]), st.text(max_size=12)),
        recipients=st.integers(1, 2000),
        not_before=st.integers(-48, 96).map(lambda hours: NOW + timedelta(hours=hours)),
        begun=st.just(True),
    ),
    *spoils(
        "sender",
        active=st.just(False),
        acknowledged=st.just(False),
        roles=st.dictionaries(
            st.sampled_from(["sender", "free_text_sender", "auditor"]), st.sampled_from(INSTANTS), max_size=2
        ),
        key_kind=st.sampled_from(["team", "test"]),
        key_expires_at=st.sampled_from(INSTANTS),
        key_revoked_at=st.sampled_from(INSTANTS),
        scopes=st.just(frozenset()),
        purposes=st.frozensets(st.sampled_from(PURPOSES)),
        templates=st.frozensets(st.sampled_from(["trip", "closure"])),
        sending_suspended_at=st.sampled_from(INSTANTS),
        trained_until=st.sampled_from(INSTANTS),
        caps=st.none() | CAPS,
    ),
    *spoils(
        "recipient",
        opted_out=TOPICS,
        held_since=st.sampled_from(INSTANTS),
        suspect_since=st.sampled_from(INSTANTS),
        last_inbound_at=st.sampled_from([None, *INSTANTS]),
        recent=st.none() | RECENT,
    ),
    *spoils(
        "template",
        name=st.just("closure"),
        language=st.just("cy"),
        purpose=st.sampled_from(PURPOSES),
        body=st.just("Come to {place} {when}"),
        status=st.sampled_from(["draft", "retired"]),
        approver=st.sampled_from([None, "ann"]),
        expires_at=st.sampled_from([None, *INSTANTS]),
        urgent=st.just(True),
    ),
    *spoils(
        "facts",
        settings=st.sampled_from([*REVIEWED, settings(training={"required": True})]),
        sending=st.just(False),
        number=st.sampled_from(NUMBERS),
        recipient=st.none(),
        consents=st.none() | st.lists(CONSENTS, max_size=3),
        sender=st.none(),
        template=st.none(),
        holidays=st.just(NOT_KNOWN),
    ),
]


@st.composite
def few_faults(draw: st.DrawFn) -> Case:
    """Draw at most two faults: where everything is wrong, nothing can be seen to matter."""
    purpose = draw(st.sampled_from(["event_notice", "enquiry_reply"]))
    return spoilt(purpose, draw(st.lists(st.one_of(SPOILS), max_size=2)))


CASES = few_faults()


def worst(draft: Draft, known: Facts) -> int:
    return SEVERITY.index(decide(draft, known, NOW).outcome)
