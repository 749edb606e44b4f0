"""5.2, 5.3: polite, respectful, plain; what is only lively passes."""

from __future__ import annotations

import pytest

from policy.wording import judge_wording
from tests.policy.cases import settings
from tests.policy.wordings import TODAY, clauses, outcome


@pytest.mark.parametrize(
    "text",
    [
        "SCHOOL CLOSED",
        "Please COME TODAY to the hall",
        "TRIP CANCELLED. PLEASE COLLECT.",
        "Reply today!!",
        "Where is it??",
        "Really?!",
        "Come today! ! !",
        "This is crap.",
        "What the f*ck",
        "Oh sh**",
        "You are useless.",
        "Sh1t happens.",
        "A b C D E F G H I J K L M N",
    ],
)
def test_5_2_shouting_and_rudeness_are_refused(text: str) -> None:
    assert ("5.2", "DENY") in clauses(text)


@pytest.mark.parametrize(
    "text",
    [
        "We told you this already.",
        "Do not ignore this message.",
        "You must pay now.",
        "This is the last notice.",
    ],
)
def test_5_2_bluntness_waits_for_a_second_person(text: str) -> None:
    assert clauses(text) == {("5.2", "HOLD")}


@pytest.mark.parametrize(
    "text",
    [
        "Pls reply.",
        "C u at 8",
        "thx for coming",
        "Gonna be good",
        "Hiya all",
        "Party 🎉",
        "See you :)",
        "We <3 books",
        "Come 2nite",
        "OMG it is cold",
        "Cheers for that",
    ],
)
def test_5_3_text_speak_casual_words_and_emoji_are_refused(text: str) -> None:
    assert ("5.3", "DENY") in clauses(text)


@pytest.mark.parametrize(
    "text", ["See the SCITT log.", "Bring the DfE form.", "Let us touch base.", "Reply asap."]
)
def test_5_3_jargon_and_unknown_abbreviations_wait(text: str) -> None:
    assert clauses(text) == {("5.3", "HOLD")}


@pytest.mark.parametrize(
    "text",
    [
        "Well done, Year 4! See you on Monday.",
        "Do please come.",
        "Please do NOT park here.",
        "REMINDER: photos today.",
        "The PTA and the PE teachers meet in ICT.",
        "GCSEs start soon.",
        "It is 20 °C today.",
        "Room U, desk R.",
        "Our PE TAs are here.",
        "A* grades are on the wall.",
        "Class 5B, KS2 and WW2.",
        "Ratio 3:1 (see page 8).",
        "Parents are welcome → please sign in.",
    ],
)
def test_lively_and_known_words_pass(text: str) -> None:
    assert {clause for clause, outcome in clauses(text) if outcome == "DENY"} == set()


def test_5_3_the_organisations_glossary_is_its_own() -> None:
    assert outcome("Bring the PLASC form.") == "HOLD"
    assert judge_wording("Bring the PLASC form.", settings(glossary=["PLASC"]), TODAY) == ()


def test_5_2_capitals_of_the_glossary_are_no_shouting() -> None:
    assert outcome("The NASA UNICEF OFSTED films are on today.") == "ALLOW"
    ours = settings(glossary=["PLASC", "CENSUS"])
    assert judge_wording("The PLASC CENSUS is on.", ours, TODAY) == ()
