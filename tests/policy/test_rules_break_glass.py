"""Past an opt-out: off; for named urgent templates; with two people besides the sender (6.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Decision, Facts, Kind, Outcome, SecondPerson, Stage, decide
from tests.policy.cases import NOW, draft, facts, found, settings

OPEN = settings(break_glass={"enabled": True, "templates": ["trip"]})
BEN = SecondPerson(asked_by="ann", decided_by="ben")
CAT = SecondPerson(asked_by="ann", decided_by="cat")
OWN = SecondPerson(asked_by="ann", decided_by="ann")
ANSWERS = st.sampled_from([None, BEN, CAT, OWN])


def told(**changes: Any) -> Facts:
    """Return the facts about who opted out, and an urgent template that may reach them all the same."""
    known = {"settings": OPEN, "recipient": {"opted_out": {"": NOW}}, "template": {"urgent": True}}
    return facts(**known | changes)


def judged(known: Facts, stage: Stage = Stage.HANDOFF, kind: Kind = Kind.BREAK_GLASS) -> Decision:
    return decide(draft(stage=stage, kind=kind), known, NOW)


@pytest.mark.parametrize(
    "known",
    [
        told(settings=settings()),
        told(settings=settings(break_glass={"enabled": True, "templates": ["closure"]})),
        told(template={"urgent": False}),
        told(recipient=None),
    ],
)
@pytest.mark.parametrize("stage", Stage)
def test_6_2_nothing_passes_an_opt_out_unless_the_policy_names_the_template(
    stage: Stage, known: Facts
) -> None:
    approved = replace(known, second_person=BEN, third_person=CAT)
    decision = judged(approved, stage)
    assert ("RECIPIENT_OPTED_OUT", "6.2") in found(decision)
    assert decision.outcome is Outcome.DENY


def test_6_2_past_an_opt_out_it_takes_two_people_besides_the_sender() -> None:
    waiting = judged(told(), Stage.SUBMIT)
    assert (found(waiting), waiting.outcome) == ([("APPROVAL_REQUIRED", "6.2")], Outcome.HOLD)
    assert found(judged(replace(told(), second_person=BEN, third_person=CAT))) == []
    for second, third in ((BEN, None), (None, CAT), (BEN, BEN), (OWN, CAT), (BEN, OWN), (None, None)):
        decision = judged(replace(told(), second_person=second, third_person=third))
        assert (found(decision), decision.outcome) == ([("APPROVAL_REQUIRED", "6.2")], Outcome.DENY)


def test_an_urgent_message_of_the_usual_kind_does_not_pass() -> None:
    approved = replace(told(), second_person=BEN, third_person=CAT)
    assert ("RECIPIENT_OPTED_OUT", "6.2") in found(judged(approved, kind=Kind.MESSAGE))


def test_consent_and_everything_else_is_asked_as_ever() -> None:
    approved = replace(told(), second_person=BEN, third_person=CAT)
    for spoilt in (replace(approved, consents=()), replace(approved, sender=None)):
        assert judged(spoilt).outcome is Outcome.DENY


@given(stage=st.sampled_from(Stage), second=ANSWERS, third=ANSWERS, worse=st.sampled_from([None, OWN]))
def test_losing_an_approval_never_turns_a_refusal_into_a_permission(
    stage: Stage, second: SecondPerson | None, third: SecondPerson | None, worse: SecondPerson | None
) -> None:
    order = [Outcome.ALLOW, Outcome.HOLD, Outcome.DENY]
    before = judged(replace(told(), second_person=second, third_person=third), stage).outcome
    for lost in (
        {"second_person": worse, "third_person": third},
        {"second_person": second, "third_person": worse},
    ):
        assert order.index(judged(replace(told(), **lost), stage).outcome) >= order.index(before)
