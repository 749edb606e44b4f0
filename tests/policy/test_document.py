"""9.1, 9.2: what can be read from a policy's own text, whoever wrote it, and what people agree to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policy.clauses import register
from policy.document import digest, read, read_date, statement
from tests.policy.cases import SETTINGS

TEXT = Path(__file__).with_name("corpora").joinpath("policy.txt").read_text(encoding="utf-8")


def test_9_1_the_dates_of_the_policy_are_read_day_first() -> None:
    found = read(TEXT)
    assert (found.effective, found.last_reviewed) == (date(2024, 11, 8), date(2024, 11, 8))
    assert found.authorised_by == "Simon hall – Owner"
    assert found.title.startswith("SMS Messaging Policy")


def test_its_clauses_are_those_that_are_enforced_here() -> None:
    assert list(read(TEXT).clauses) == [clause.number for clause in register()]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("08/11/2024", date(2024, 11, 8)),
        ("8.11.2024", date(2024, 11, 8)),
        ("8 November 2024", date(2024, 11, 8)),
        ("8th Nov 2024 (first issue)", date(2024, 11, 8)),
        ("2024-11-08", date(2024, 11, 8)),
        ("29 February 2023", None),
        ("11/13/2024", None),  # month first: there is no thirteenth month
        ("8 Ju 2024", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_is_read_day_first_or_not_at_all(written: str, day: date | None) -> None:
    assert read_date(written) == day


def test_another_organisations_text_need_not_look_the_same() -> None:
    found = read(
        "\nTexting at Hill School\n\n 10.1 We text rarely.\n10.12  And never at night.\n"
        "Approved by: The Governors\nEFFECTIVE FROM: 1 September 2025\nReviewed on - 3rd September 2025\n"
    )
    assert found.title == "Texting at Hill School"
    assert found.clauses == {"10.1": "We text rarely.", "10.12": "And never at night."}
    assert (found.effective, found.last_reviewed) == (date(2025, 9, 1), date(2025, 9, 3))
    assert found.authorised_by == "The Governors"


def test_what_a_text_does_not_say_is_not_made_up() -> None:
    found = read("")
    assert (found.title, found.effective, found.last_reviewed, found.authorised_by) == ("", None, None, "")


def test_9_2_the_statement_names_the_person_the_version_and_the_very_text() -> None:
    said = statement(SETTINGS, "amy", digest(TEXT))
    for part in ("amy", "version 1", "8 November 2024", digest(TEXT), "never after STOP"):
        assert part in said
    assert digest(said) != digest(statement(SETTINGS, "ben", digest(TEXT)))
    assert "SHA-256" not in statement(SETTINGS, "amy", None)
