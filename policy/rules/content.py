"""What it says: an approved template, well filled, short, signed, with the way out (3.3, 5.1, 5.2, 6.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Stage
from policy.rules.rule import EVERY_KIND, Rule
from policy.templates import render
from policy.verdict import Code, Reason
from policy.way_out import ENGLISH, offered, way_out

# The text cannot change after submission, and what it was made from is not kept.
_AT_SUBMISSION: Final = frozenset({Stage.SUBMIT})


def template_is_approved(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """3.3: only a version that a second person approved sends, and only while the approval lasts."""
    template = facts.template
    if draft.free_text:
        return  # what it takes instead: policy/rules/free_text.py
    if template is None:
        yield _not_approved("there is no such template")
        return
    if draft.template is None or (draft.template.name, draft.template.language) != (
        template.name,
        template.language,
    ):
        yield _not_approved("the message names another template than it was made from")
    if template.status != "approved":
        yield _not_approved(f"this version of the template is {template.status}, not approved")
    if template.approver is None or template.approver == template.author:
        yield _not_approved("a second person must approve the template: its author cannot")
    if template.expires_at is None or template.expires_at <= now:
        yield _not_approved("the template's approval has expired; have it approved again")


def text_is_the_templates(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """3.3, 5.1: typed slots only, each filled as approved, and nothing in the text but that."""
    template = facts.template
    if template is None:
        return
    if draft.slots is None:
        yield Reason(code=Code.SLOT_INVALID, clause="3.3", message="the slots are not known", field="slots")
        return
    rendered = render(template.body, template.slots, draft.slots, facts.settings, now, template.language)
    yield from rendered.reasons
    if rendered.text != draft.text:
        yield _not_approved("the text is not what the approved template gives")


def text_says_who_sends(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """5.2: the organisation's name is in every text."""
    if not facts.settings.is_named_in(draft.text):
        yield Reason(
            code=Code.TONE_REJECTED,
            clause="5.2",
            message="the text does not name the organisation",
            field="text",
        )


def text_offers_the_way_out(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """6.1: every message says, once, how to opt out, in the language of its template."""
    language = facts.template.language if facts.template else ENGLISH
    if offered(draft.text, facts.settings) != [way_out(facts.settings, language)]:
        yield Reason(
            code=Code.TONE_REJECTED,
            clause="6.1",
            message="the text does not say, once, how to opt out",
            field="text",
        )


def text_is_brief(draft: Draft, facts: Facts, _now: datetime) -> Iterator[Reason]:
    """5.1: so many parts at most, the opt-out text included."""
    most = facts.settings.max_parts
    if not 1 <= draft.parts <= most:
        yield Reason(
            code=Code.TOO_LONG,
            clause="5.1",
            message=f"the text takes {draft.parts} SMS parts with the opt-out text; allowed: {most}",
            field="text",
        )


def _not_approved(message: str) -> Reason:
    return Reason(code=Code.TEMPLATE_NOT_APPROVED, clause="3.3", message=message, field="template")


RULES: Final = (
    Rule(template_is_approved, ("3.3",), (Code.TEMPLATE_NOT_APPROVED,)),
    Rule(
        text_is_the_templates,
        ("3.3", "5.1"),
        (Code.SLOT_INVALID, Code.TEMPLATE_NOT_APPROVED),
        stages=_AT_SUBMISSION,
    ),
    Rule(text_says_who_sends, ("5.2",), (Code.TONE_REJECTED,), EVERY_KIND, _AT_SUBMISSION),
    Rule(text_offers_the_way_out, ("6.1",), (Code.TONE_REJECTED,), stages=_AT_SUBMISSION),
    Rule(text_is_brief, ("5.1",), (Code.TOO_LONG,), EVERY_KIND),
)
