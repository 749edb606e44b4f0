"""To whom: a number that may be texted, wants it, and has not said stop (clauses 4.1, 4.3, 6.2, 7.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from policy.facts import Draft, Facts, Kind, Stage
from policy.rules.rule import ASKING, CONSENTED, EVERY_KIND, Rule
from policy.verdict import Code, Outcome, Reason

_CONFIRM_WITHIN: Final = timedelta(hours=24)


def number_may_be_texted(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """4.3: a mobile of an allowed region, and the very number that the facts are about."""
    if isinstance(facts.number, Reason):
        yield facts.number
    elif facts.number is None or facts.number.e164 != draft.number:
        yield Reason(
            code=Code.NUMBER_INVALID,
            clause="4.3",
            message="the number was not checked",
            retry=True,
            field="to",
        )


def consent_is_on_record(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """7.2: a number without any consent on record is refused, whatever the key; unknown is none."""
    if facts.consents is None:
        yield Reason(
            code=Code.CONSENT_MISSING,
            clause="7.2",
            message="it is not known whether the recipient consented",
            retry=True,
            field="to",
        )
    elif not facts.consents:
        yield Reason(
            code=Code.CONSENT_MISSING,
            clause="7.2",
            message="there is no consent on record for this number; record it with its evidence first",
            field="to",
        )


def consent_covers_purpose(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """4.1: a consent for this purpose, given, not withdrawn and not expired."""
    if not facts.consents:
        return
    standing = [c for c in facts.consents if c.purpose == draft.purpose and c.withdrawn_at is None]
    if any(consent.given_at <= now < consent.expires_at for consent in standing):
        return
    expired = any(consent.expires_at <= now for consent in standing)
    yield Reason(
        code=Code.CONSENT_EXPIRED if expired else Code.CONSENT_MISSING,
        clause="4.1",
        message="the recipient's consent for this purpose "
        + ("has expired; ask again" if expired else "is not on record"),
        field="to",
    )


def consent_was_asked_for(_draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """4.1: who is asked to confirm has asked us first, by a form that is on record and still counts."""
    until = facts.recipient.consent_asked_until if facts.recipient else None
    if until is None or now >= until:
        yield Reason(
            code=Code.CONSENT_MISSING,
            clause="4.1",
            message="nobody with this number has asked to be texted, or it was too long ago",
            field="to",
        )


def recipient_has_not_opted_out(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """6.2: nothing goes to a number that said stop; a topic stops its purposes only."""
    if facts.recipient is None:
        yield Reason(
            code=Code.RECIPIENT_OPTED_OUT,
            clause="6.2",
            message="it is not known whether the recipient opted out",
            retry=True,
            field="to",
        )
        return
    for topic in facts.recipient.opted_out:
        if topic == "" or draft.purpose in facts.settings.purposes_of(topic):
            of_what = f" of {topic}" if topic else ""
            yield Reason(
                code=Code.RECIPIENT_OPTED_OUT,
                clause="6.2",
                message=f"the recipient opted out{of_what}; only they or two people can change that",
                field="to",
            )


def confirmation_confirms_an_opt_out(_draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """6.2: the confirmation alone may go to who opted out, for that opt-out, within a day."""
    since = facts.recipient.opted_out.values() if facts.recipient else ()
    if not any(now - instant <= _CONFIRM_WITHIN for instant in since):
        yield Reason(
            code=Code.RECIPIENT_OPTED_OUT,
            clause="6.2",
            message="there is no new opt-out to confirm",
            field="to",
        )


def recipient_is_not_on_hold(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """6.2: a reply that smells of refusal pauses its number until a person has read it.

    Nothing new is accepted for the number; what waits already is held.
    """
    if facts.recipient and facts.recipient.held_since is not None:
        yield Reason(
            code=Code.RECIPIENT_ON_HOLD,
            clause="6.2",
            message="a reply from this number may be an opt-out; somebody must read it first",
            retry=True,
            outcome=Outcome.DENY if draft.stage is Stage.SUBMIT else Outcome.HOLD,
            field="to",
        )


def number_is_not_suspect(_draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """4.3: a number that fails for good, or is somebody else's, is blocked until it is verified."""
    known = facts.recipient
    if known and (known.suspect_since is not None or known.failures >= facts.settings.suspect_after):
        yield Reason(
            code=Code.NUMBER_SUSPECT,
            clause="4.3",
            message="this number seems to be wrong or dead; verify it with the person first",
            field="to",
        )


RULES: Final = (
    Rule(number_may_be_texted, ("4.3",), (Code.NUMBER_INVALID,), EVERY_KIND),
    Rule(consent_is_on_record, ("7.2",), (Code.CONSENT_MISSING,), CONSENTED),
    Rule(consent_covers_purpose, ("4.1",), (Code.CONSENT_MISSING, Code.CONSENT_EXPIRED), CONSENTED),
    Rule(consent_was_asked_for, ("4.1",), (Code.CONSENT_MISSING,), ASKING),
    Rule(
        recipient_has_not_opted_out,
        ("6.2",),
        (Code.RECIPIENT_OPTED_OUT,),
        EVERY_KIND - {Kind.OPT_OUT_CONFIRMATION, Kind.BREAK_GLASS},
    ),
    Rule(
        confirmation_confirms_an_opt_out,
        ("6.2",),
        (Code.RECIPIENT_OPTED_OUT,),
        frozenset({Kind.OPT_OUT_CONFIRMATION}),
    ),
    Rule(
        recipient_is_not_on_hold,
        ("6.2",),
        (Code.RECIPIENT_ON_HOLD,),
        EVERY_KIND - {Kind.OPT_OUT_CONFIRMATION},
    ),
    Rule(number_is_not_suspect, ("4.3",), (Code.NUMBER_SUSPECT,)),
)
