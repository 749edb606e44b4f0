"""2.2: details known by the words beside them; the same words without a detail pass."""

from __future__ import annotations

import pytest

from policy.wording import judge_wording
from tests.policy.cases import settings
from tests.policy.wordings import TODAY, judged, outcome


def said(text: str) -> str:
    return " ".join(finding.reason.message for finding in judged(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DOB 12/03/2014", True),
        ("d.o.b. is 3rd May 2014", True),
        ("date of birth: 2014-03-12", True),
        ("Born on 7 June 2011", True),
        ("Her birthday is May 12", True),
        ("The fair is on 12/12/2026", False),
        ("Born in the USA is our song on Friday", False),
    ],
)
def test_2_2_a_date_of_birth(text: str, *, found: bool) -> None:
    assert ("a date of birth" in said(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("They live at 14 Acacia Avenue.", True),
        ("Your home address is still 22 Park Road, Leeds", True),
        ("We have your address as Flat 3, LS6 2AB", True),
        ("Moved to 19 Queens Road", True),
        ("The match is at Oak School, 12 Mill Lane, LS6 2AB.", False),
        ("The club has moved to the hall.", False),
        ("Please email your new address to the office.", False),
    ],
)
def test_2_2_a_home_address_is_one_beside_words_of_a_home(text: str, *, found: bool) -> None:
    assert ("a home address" in said(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "Your password is Sunshine22.",
        "password: Tiger!9",
        "The new wifi password is Learn2024",
        "PIN 4821",
        "Your one-time code is 482913.",
        "Passcode: 7731-QX",
        "Verification code is 338 201.",
        "the code is 55210",
        "Your password is Rainbow!",
        "pwd=hunter2",
        "Login: parent1",
        "pass\u200bword: Blue77",
        "alarm code: 4590#",
    ],
)
def test_2_2_a_password_or_code_with_its_value(text: str) -> None:
    assert "password, PIN or code" in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "Forgotten your password? Use the link on our website.",
        "Passwords change on 12 May at 10am.",
        "The dress code is smart casual.",
        "The code of conduct is on page 12.",
        "Log in at 4pm for the talk.",
        "Your password is case sensitive.",
        "Pin badges cost £2.",
        "Please bring a safe code for the quiz.",
    ],
)
def test_words_of_passwords_without_a_value_pass(text: str) -> None:
    assert "password, PIN or code" not in said(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to sarah.jones81@gmail.com", True),
        ("office@gmail.com", True),
        ("jo@another.example", True),
        ("sarah at gmail dot com", True),
        ("jo (at) hotmail.co.uk", True),
        ("office@school.example", False),
        ("Meet at 4pm @ the gate", False),
        ("We met at Outlook farm", False),
    ],
)
def test_2_2_an_e_mail_address_that_is_somebodys_own(text: str, *, found: bool) -> None:
    assert ("e-mail address" in said(text)) == found


@pytest.mark.parametrize("changes", [{"email_domains": ["krs.example"]}, {"url_hosts": ["www.krs.example"]}])
def test_e_mail_at_the_organisations_own_domains_passes(changes: dict[str, list[str]]) -> None:
    ours = settings(**changes)
    assert judge_wording("Write to jo.smith@krs.example or jo@mail.krs.example", ours, TODAY) == ()
    assert judge_wording("Write to jo.smith@notkrs.example", ours, TODAY) != ()


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Her mum is on 07700 900123", True),
        ("Sophie Turner, 14 Oak Road, SK4 3HJ", True),
        ("Text the office on 07700 900123", False),
        ("We meet at 14 Oak Road, SK4 3HJ", False),
    ],
)
def test_2_2_a_mobile_or_address_beside_a_person_waits_for_a_second_person(text: str, *, held: bool) -> None:
    assert ("own telephone or address" in said(text)) == held
    assert outcome(text) == ("HOLD" if held else "ALLOW")
