"""The policy file: what it says, and what is said about a wrong one."""

from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from pydantic import ValidationError

from policy import PolicyFileError, PolicySettings
from tests.policy.cases import SETTINGS

SHIPPED = resources.files("policy").joinpath("default.toml").read_text(encoding="utf-8")


def written(directory: Path, *changes: tuple[str, str]) -> Path:
    """Write the shipped policy with some of its text replaced."""
    text = SHIPPED
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = directory / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(PolicyFileError) as caught:
        PolicySettings.load(path)
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.problems


def test_a_copy_of_the_shipped_policy_is_the_shipped_policy(tmp_path: Path) -> None:
    assert PolicySettings.load(written(tmp_path)) == SETTINGS


DEFAULTED = [
    "max_parts",
    "consent_months",
    "approval_months",
    "role_months",
    "bulk_above",
    "appointment_hours",
    "time_zone",
    "overdue",
    "grace_days",
]


def test_what_a_file_leaves_out_is_as_shipped(tmp_path: Path) -> None:
    lines = SHIPPED.splitlines()
    left_out = [line for line in lines if line.split(" = ")[0] in DEFAULTED]
    assert len(left_out) == len(DEFAULTED)
    path = tmp_path / "policy.toml"
    path.write_text("\n".join(line for line in lines if line not in left_out), encoding="utf-8")
    assert PolicySettings.load(path) == SETTINGS


def test_a_loaded_policy_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SETTINGS.max_parts = 9  # type: ignore[misc]


def test_9_1_the_shipped_dates_are_those_of_the_policy_document() -> None:
    review = SETTINGS.review
    assert (review.effective, review.last_reviewed, review.due) == (
        date(2024, 11, 8),
        date(2024, 11, 8),
        date(2025, 11, 8),
    )
    assert (review.overdue, review.grace_days) == ("block_bulk", 30)


def test_9_1_a_review_is_recorded_by_its_date_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, ("last_reviewed = 2024-11-08", "last_reviewed = 2026-01-12"))
    assert PolicySettings.load(path).review.due == date(2027, 1, 12)


def test_7_1_the_shipped_policy_has_marketing_turned_off() -> None:
    assert not SETTINGS.purposes["marketing"].enabled


def test_6_2_a_topic_covers_its_purposes_and_everything_covers_all() -> None:
    assert SETTINGS.purposes_of("events") == {"event_notice", "event_reminder"}
    assert SETTINGS.purposes_of("") == set(SETTINGS.purposes)
    assert SETTINGS.purposes_of("forgotten") == set(SETTINGS.purposes)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("max_parts = 2", "max_partz = 2", "max_partz: there is no such setting"),
        ("grace_days = 30", "grace = 30", "review.grace: there is no such setting"),
        ("max_parts = 2", "max_parts = 0", "max_parts: Input should be greater than or equal to 1"),
        ("bulk_above = 20", "bulk_above = 0", "bulk_above: "),
        ('overdue = "block_bulk"', 'overdue = "ignore"', "review.overdue: "),
        ('"Europe/London"', '"Europe/Londres"', "time_zone: is not a time zone such as Europe/London"),
        ('"Europe/London"', '"/etc/passwd"', "time_zone: is not a time zone such as Europe/London"),
        ('"GB", "GG"', '"gb", "GG"', "allowed_regions.0: "),
        ('["GB", "GG", "JE", "IM"]', "[]", "allowed_regions: "),
        ("guests = []", 'guests = ["07700900001"]', "guests.0: "),
        (
            'purposes = ["appointment"]',
            'purposes = ["fun"]',
            "topics.appointments.purposes: there is no purpose fun",
        ),
        (
            'signature = "KRS Education Ltd: "',
            'signature = "KRS: "',
            "signature: must contain the organisation's name",
        ),
        ('"KRS Education Ltd sends', '"We send', "help_text: must contain the organisation's name"),
        ('"KRS Education Ltd sends', '"KRS Education Ltd — sends', "help_text: "),
        ('opt_out_text = "Reply STOP', 'opt_out_text = "Reply NO', "opt_out_text: "),
        ("atebwch STOP", "atebwch NA", "opt_out_texts.cy: "),
        ('cy = "I', 'Cymraeg = "I', "opt_out_texts.Cymraeg: "),
        ("route = []", 'route = ["{x}"]', "lists.route.0: must be one line"),
        ("route = []", 'route = ["a\\nb"]', "lists.route.0: must be one line"),
        ("route = []", 'route = [" a"]', "lists.route.0: must be one line"),
        ("route = []", 'route = [""]', "lists.route.0: "),
        ("route = []", "routes = []", "lists.routes: there is no such list; lists: reference, "),
        ("[purposes.marketing]", "[purposes.Marketing]", "purposes.Marketing"),
    ],
    ids=lambda value: value.split("=")[0].strip() if "=" in value else "",
)
def test_a_wrong_setting_is_named_with_its_path(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert any(found.startswith(problem) for found in problems(written(tmp_path, (before, after))))


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, ("max_parts = 2", "max_parts = 0"), ("grace_days = 30", "grace_days = -1"))
    assert [problem.split(":")[0] for problem in problems(path)] == ["max_parts", "review.grace_days"]


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == ["No such file or directory"]


def test_a_file_that_is_not_utf_8_is_named_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b'organisation = "\xff"')
    assert problems(path) == ["not UTF-8 at byte 16"]


def test_a_file_that_is_not_toml_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("organisation = \n")
    [problem] = problems(path)
    assert problem.startswith("not TOML: ")
    assert "line 1" in problem
