"""Text without a template: its own scope, its own role, and always a second person (3.2, 3.3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Draft, Facts, Outcome, SecondPerson, Stage, compose, decide
from tests.policy.cases import NOW, SETTINGS, YEAR, draft, facts, found

SECOND = SecondPerson(asked_by="ann", decided_by="ben")
ALONE = SecondPerson(asked_by="ann", decided_by="ann")
REVIEW = ("APPROVAL_REQUIRED", "3.3")


def free(words: str = "The gate is open from 8:15.", stage: Stage = Stage.SUBMIT, **changes: Any) -> Draft:
    text = compose(words, SETTINGS)
    return draft(stage=stage, text=text, template=None, slots=None, free_text=True, **changes)


def known(**sender: Any) -> Facts:
    """Return the facts for who may write freely."""
    good = {
        "scopes": {"messages:send", "messages:free_text"},
        "roles": {"free_text_sender": NOW + YEAR},
    }
    return facts(template=None, sender=good | sender)


def approved(by: SecondPerson | None) -> Facts:
    return Facts(
        **{name: getattr(known(), name) for name in Facts.__slots__ if name != "second_person"},
        second_person=by,
    )


def test_3_3_text_without_a_template_waits_for_a_second_person() -> None:
    decision = decide(free(), known(), NOW)
    assert found(decision) == [REVIEW]
    assert decision.outcome is Outcome.HOLD


@pytest.mark.parametrize("stage", [Stage.RELEASE, Stage.HANDOFF])
def test_3_3_it_goes_only_with_another_persons_approval_on_record(stage: Stage) -> None:
    assert found(decide(free(stage=stage), approved(SECOND), NOW)) == []
    for nobody in (None, ALONE):
        decision = decide(free(stage=stage), approved(nobody), NOW)
        assert (found(decision), decision.outcome) == ([REVIEW], Outcome.DENY)


def test_an_approval_before_the_text_was_handed_in_is_worth_nothing() -> None:
    assert decide(free(), approved(SECOND), NOW).outcome is Outcome.HOLD


@pytest.mark.parametrize("stage", Stage)
def test_3_2_it_takes_a_scope_and_a_role_of_its_own(stage: Stage) -> None:
    no_scope = decide(free(stage=stage), known(scopes={"messages:send"}), NOW)
    assert ("SCOPE_MISSING", "3.2") in found(no_scope)
    for roles in ({"sender": NOW + YEAR}, {"sender": NOW + YEAR, "free_text_sender": NOW}):
        no_role = decide(free(stage=stage), known(roles=roles), NOW)
        assert ("NOT_AUTHORISED_SENDER", "3.2") in found(no_role)


def test_a_key_for_some_templates_writes_nothing_freely() -> None:
    assert ("SCOPE_MISSING", "3.2") in found(decide(free(), known(templates={"trip"}), NOW))


def test_1_1_it_needs_a_purpose() -> None:
    assert ("PURPOSE_NOT_PERMITTED", "1.1") in found(decide(free(purpose=""), known(), NOW))


@pytest.mark.parametrize("stage", [Stage.SUBMIT, Stage.RELEASE])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Your son has been excluded for fighting.", "CONTENT_SENSITIVE"),
        ("u r late AGAIN!!!", "TONE_REJECTED"),
        ("Dear {name}, come in.", "TONE_REJECTED"),
    ],
)
def test_2_2_a_second_person_does_not_override_what_is_refused(stage: Stage, words: str, code: str) -> None:
    decision = decide(free(words, stage), approved(SECOND), NOW)
    assert decision.outcome is Outcome.DENY
    assert code in {reason.code for reason in decision.reasons}


def test_a_doubt_about_its_words_is_the_second_persons_to_settle() -> None:
    words = "Please discuss it with the SENDCo."
    held = decide(free(words), known(), NOW)
    assert ("CONTENT_REVIEW_REQUIRED", "5.3") in found(held)
    assert held.outcome is Outcome.HOLD
    assert found(decide(free(words, Stage.RELEASE), approved(SECOND), NOW)) == []


@given(stage=st.sampled_from(Stage), second=st.sampled_from([None, ALONE, SECOND]))
def test_losing_the_approval_never_turns_a_refusal_into_a_permission(
    stage: Stage, second: SecondPerson | None
) -> None:
    order = [Outcome.ALLOW, Outcome.HOLD, Outcome.DENY]
    before = decide(free(stage=stage), approved(second), NOW).outcome
    for worse in (None, ALONE):
        assert order.index(decide(free(stage=stage), approved(worse), NOW).outcome) >= order.index(before)
