"""2.2, 7.1: what the lists mean: alone, about one person, in a harmless context."""

from __future__ import annotations

import pytest

from policy.content.lexicon import shipped_lexicon
from tests.policy.wordings import judged, outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("There is a safeguarding referral.", "DENY"),  # wherever it stands
        ("The counselling room has moved.", "HOLD"),  # weak, alone
        ("Your child was in the counselling room.", "DENY"),  # weak, of one child
        ("Bella was in the counselling room.", "DENY"),
        ("A refund of £4 is due.", "HOLD"),  # held, whoever it is about
        ("Please bring tablets for the art lesson.", "ALLOW"),  # nothing alone
        ("She has her tablets.", "DENY"),  # but of a person
        ("The worried ghost is our next play.", "ALLOW"),  # a hint alone
        ("He is worried.", "HOLD"),  # of a person
    ],
)
def test_2_2_each_list_does_what_it_says(text: str, expected: str) -> None:
    assert outcome(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Bella was sick.",
        "bella was sick",
        "Your son was sick.",
        "Your child was sick.",
        "She was sick.",
        "Zuzka's cough is bad.",
        "Today Mirza has a cough.",
        "Your child's cough is bad.",
    ],
)
def test_2_2_a_statement_of_one_person_is_refused(text: str) -> None:
    assert outcome(text) == "DENY"


@pytest.mark.parametrize(
    "text",
    [
        "If your child is sick, please ring us.",
        "Any child who feels sick should stay at home.",
        "Tell us if he or she is sick.",
        "Mrs James is back. A cough is going round.",
        "We visit Thomas Street. A cough is going round.",
        "The cough is going round in Leeds. Ofsted has written to us.",
        "Your child is welcome. A cough is going round.",
    ],
)
def test_what_is_said_to_everybody_passes(text: str) -> None:
    assert outcome(text) == "ALLOW"


@pytest.mark.parametrize(
    "text",
    [
        "The bus service is suspended.",
        "There is an exclusion area around the tree.",
        "The attendance award goes to 3B.",
        "The tennis court is shut.",
        "Anti-bullying week starts on Monday.",
    ],
)
def test_2_2_harmless_contexts_are_taken_out_first(text: str) -> None:
    assert outcome(text) == "ALLOW"


def test_a_harmless_context_excuses_its_own_words_only() -> None:
    assert outcome("The bus service is suspended. Your son is suspended.") == "DENY"


def test_a_finding_shows_the_words_and_its_reason_does_not() -> None:
    (finding,) = judged("The trip is on. Bella was sick.")
    assert finding.words == "sick"
    assert "sick" not in finding.reason.message
    assert finding.reason.field == "text"


def test_every_theme_of_the_policy_is_there() -> None:
    names = {theme.name for theme in shipped_lexicon().themes}
    assert names >= {
        "medical", "safeguarding", "sen", "disciplinary", "financial", "attendance", "results", "family",
        "immigration", "promotion",
    }  # fmt: skip
    assert all(theme.version >= 1 for theme in shipped_lexicon().themes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rohan arrived again.", "HOLD"),
        ("Your daughter sees somebody on Monday.", "HOLD"),
        ("Your child came alone.", "HOLD"),
        ("Rohan's violin lesson is at 3pm.", "ALLOW"),
        ("Your daughter's coat is at the office.", "ALLOW"),
        ("Your child has a place on the trip.", "ALLOW"),
        ("Your child's name goes in the hat.", "ALLOW"),
        ("She is at the gate.", "ALLOW"),
        ("Dear Rohan, we are open.", "ALLOW"),
        ("The Crown Court is open.", "ALLOW"),
    ],
)
def test_7_1_a_statement_of_one_child_waits_unless_it_is_about_the_day_at_school(
    text: str, expected: str
) -> None:
    assert outcome(text) == expected
