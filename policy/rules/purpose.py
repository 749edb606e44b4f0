"""What for: one purpose of a short list (clauses 1.1, 2.1, 7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from policy.facts import Draft, Facts
from policy.rules.rule import Rule
from policy.verdict import Code, Reason


def purpose_is_permitted(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """1.1, 2.1: a purpose that the policy does not list, or has turned off, sends nothing."""
    purpose = facts.settings.purposes.get(draft.purpose)
    if purpose is None and not draft.purpose and facts.template is None and not draft.free_text:
        return  # the template would have named it; that there is none is a reason of its own (3.3)
    if purpose is None:
        names = ", ".join(name for name, known in facts.settings.purposes.items() if known.enabled)
        yield _refuse(f"is not one that the policy permits; permitted: {names}", "1.1")
    elif not purpose.enabled and not purpose.marketing:
        yield _refuse("is turned off in the policy")


def marketing_is_on(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """7.1: marketing exists as a purpose, and is off unless the policy turns it on."""
    purpose = facts.settings.purposes.get(draft.purpose)
    if purpose is not None and purpose.marketing and not purpose.enabled:
        yield Reason(
            code=Code.MARKETING_DISABLED,
            clause="7.1",
            message="marketing by text message is turned off in the policy",
            field="purpose",
        )


def purpose_is_the_templates(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """2.1: a template is bound to one purpose."""
    if facts.template is not None and facts.template.purpose != draft.purpose:
        yield _refuse(f"is not the template's; that is {facts.template.purpose}")


def key_may_serve_purpose(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """2.1: a key may be limited to some purposes."""
    allowed = facts.sender.purposes if facts.sender else None
    if allowed is not None and draft.purpose not in allowed:
        yield _refuse("is not among those of this key")


def reply_answers_somebody(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """2.1: a reply needs an enquiry: a text from that number, or a logged call, in the last days."""
    purpose = facts.settings.purposes.get(draft.purpose)
    if purpose is None or purpose.reply_within_days is None:
        return
    last = facts.recipient.last_inbound_at if facts.recipient else None
    if last is None or now - last > timedelta(days=purpose.reply_within_days):
        yield _refuse(
            f"needs a text or a logged call from this number in the last {purpose.reply_within_days} days"
        )


def _refuse(why: str, clause: str = "2.1") -> Reason:
    return Reason(
        code=Code.PURPOSE_NOT_PERMITTED, clause=clause, message=f"the purpose {why}", field="purpose"
    )


RULES: Final = (
    Rule(purpose_is_permitted, ("1.1", "2.1"), (Code.PURPOSE_NOT_PERMITTED,)),
    Rule(marketing_is_on, ("7.1",), (Code.MARKETING_DISABLED,)),
    Rule(purpose_is_the_templates, ("2.1",), (Code.PURPOSE_NOT_PERMITTED,)),
    Rule(key_may_serve_purpose, ("2.1",), (Code.PURPOSE_NOT_PERMITTED,)),
    Rule(reply_answers_somebody, ("2.1",), (Code.PURPOSE_NOT_PERMITTED,)),
)
