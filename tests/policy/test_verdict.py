"""Decisions and reasons as values: worst outcome, HTTP status, and there and back again."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import Code, Decision, Outcome, Reason
from policy.verdict import HTTP_STATUS

REASONS = st.builds(
    Reason,
    code=st.sampled_from(Code),
    clause=st.sampled_from(["3.3", "6.2"]),
    message=st.text(max_size=40),
    retry=st.booleans(),
    outcome=st.sampled_from(Outcome),
    field=st.none() | st.text(max_size=10),
)
DECISIONS = st.builds(Decision, st.lists(REASONS, max_size=4).map(tuple))


@given(DECISIONS)
def test_a_decision_survives_json(decision: Decision) -> None:
    kept = json.loads(json.dumps(decision.as_dict()))
    assert kept == decision.as_dict()
    assert Decision.from_dict(kept) == decision


@given(DECISIONS)
def test_a_decision_survives_as_dataclasses_take_it_apart(decision: Decision) -> None:
    assert Decision.from_dict(asdict(decision)) == decision
    kept = json.loads(json.dumps(asdict(decision)))
    assert kept == decision.as_dict()
    assert Decision.from_dict(kept) == decision


@given(REASONS)
def test_a_reason_survives_json(reason: Reason) -> None:
    kept = reason.as_dict()
    assert Reason.from_dict(json.loads(json.dumps(kept))) == reason
    assert type(kept["code"]) is str
    assert type(kept["outcome"]) is str


@pytest.mark.parametrize(
    ("change", "error"),
    [({"code": "NONSENSE"}, ValueError), ({"outcome": "MAYBE"}, ValueError), ({"why": ""}, TypeError)],
)
def test_what_is_no_reason_is_refused(change: dict[str, str], error: type[Exception]) -> None:
    good = Reason(code=Code.TOO_LONG, clause="5.1", message="too long").as_dict()
    with pytest.raises(error):
        Reason.from_dict(good | change)


def test_what_is_no_decision_is_refused() -> None:
    with pytest.raises(KeyError):
        Decision.from_dict({})
    with pytest.raises(KeyError):
        Decision.from_dict({"reasons": [{"clause": "5.1"}]})


@given(DECISIONS)
def test_the_outcome_is_the_worst_of_the_reasons(decision: Decision) -> None:
    outcomes = {reason.outcome for reason in decision.reasons}
    expected = next((o for o in (Outcome.DENY, Outcome.HOLD) if o in outcomes), Outcome.ALLOW)
    assert decision.outcome is expected


@given(DECISIONS)
def test_the_status_is_that_of_the_first_refusal(decision: Decision) -> None:
    denied = [reason.http_status for reason in decision.reasons if reason.outcome is Outcome.DENY]
    assert decision.http_status == (denied[0] if denied else 202)


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_status_that_says_whose_turn_it_is(code: Code) -> None:
    assert HTTP_STATUS[code] in {403, 409, 422, 429, 503}


def test_a_reason_refuses_for_good_unless_it_says_otherwise() -> None:
    reason = Reason(code=Code.TOO_LONG, clause="5.1", message="too long")
    assert (reason.outcome, reason.retry, reason.field) == (Outcome.DENY, False, None)
