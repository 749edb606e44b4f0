"""How it is worded: nothing sensitive, no advertising, polite, plain, clear (2.2, 5.1, 5.2, 5.3, 7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Stage, TemplateFacts
from policy.rules.rule import Rule
from policy.verdict import Code, Outcome, Reason
from policy.wording import judge_wording

# At hand-off nothing new is to be learnt: the text was judged before, and nobody waits for a person then.
_BEFORE_HANDOFF: Final = frozenset({Stage.SUBMIT, Stage.RELEASE})


def content_is_fit(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """2.2, 7.1: no personal, confidential or disciplinary matter, no advertising. Nobody can override it."""
    return _reasons(draft, facts, now, ("2.2", "7.1"))


def text_is_clear(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.1: no placeholder left over, no date or time that cannot be meant."""
    return _reasons(draft, facts, now, ("5.1",))


def tone_is_respectful(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.2: no shouting, no profanity; a blunt phrase waits for a second person."""
    return _reasons(draft, facts, now, ("5.2",))


def words_are_plain(draft: Draft, facts: Facts, now: datetime) -> Iterator[Reason]:
    """5.3: no text-speak, no casual words; jargon and unknown abbreviations wait for a second person."""
    return _reasons(draft, facts, now, ("5.3",))


def _reasons(draft: Draft, facts: Facts, now: datetime, clauses: tuple[str, ...]) -> Iterator[Reason]:
    """Yield what speaks against the text by these clauses.

    A doubt is for a second person to settle. One has read the words of an approved template and what its
    slots may hold; at release one has read the message, and its date is its validity's to judge.
    """
    released = draft.stage is Stage.RELEASE
    today = None if released else now.astimezone(facts.settings.zone).date()
    read = released or _approved_by_a_second(facts.template)
    for finding in judge_wording(draft.text, facts.settings, today, facts.words):
        reason = finding.reason
        if reason.clause in clauses and not (read and reason.outcome is Outcome.HOLD):
            yield reason


def _approved_by_a_second(template: TemplateFacts | None) -> bool:
    return (
        template is not None
        and template.status == "approved"
        and template.approver is not None
        and template.approver != template.author
    )


RULES: Final = (
    Rule(
        content_is_fit,
        ("2.2", "7.1"),
        (Code.CONTENT_SENSITIVE, Code.CONTENT_REVIEW_REQUIRED),
        stages=_BEFORE_HANDOFF,
    ),
    Rule(text_is_clear, ("5.1",), (Code.TONE_REJECTED, Code.TOO_LONG), stages=_BEFORE_HANDOFF),
    Rule(
        tone_is_respectful,
        ("5.2",),
        (Code.TONE_REJECTED, Code.CONTENT_REVIEW_REQUIRED),
        stages=_BEFORE_HANDOFF,
    ),
    Rule(
        words_are_plain,
        ("5.3",),
        (Code.TONE_REJECTED, Code.CONTENT_REVIEW_REQUIRED),
        stages=_BEFORE_HANDOFF,
    ),
)
