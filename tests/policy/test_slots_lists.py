"""3.3: values from approved lists and codes with known prefixes."""

from __future__ import annotations

from typing import Any

import pytest

from policy.settings import LISTS
from policy.slots import TYPES, SlotError, fill
from tests.policy.cases import NOW, SETTINGS, settings
from tests.policy.slotted import CHOICE, SITE, filled, refused

GOOD = {
    "group": ["Year 1", "Year 13", "Year 7B", "Reception", "Nursery", "Breakfast club"],
    "event": ["sports day"],
    "place": ["the main hall"],
    "staff_name": ["Mr Hall"],
    "organisation_phone": ["01632 960123"],
    "reference": ["KRS-10482", "KRS10482", "INV/1", "KRS-12345678"],
    "money": ["£12", "£12.50"],
    "reason": ["the weather"],
    "route": ["route 7"],
    "url": [
        "https://www.example.sch.uk",
        "https://www.example.sch.uk/",
        "https://www.example.sch.uk/term-dates",
    ],
}
BAD = {
    "group": ["Year 0", "Year 14", "year 7", "Year 7b", "Year 7 boys", "7B", "Bella's class"],
    "event": ["Sports day", "sports day!", "a funeral"],
    "place": ["The Main Hall", "12 Acacia Avenue", "main hall"],
    "staff_name": ["Mrs Hall", "Bella"],
    "organisation_phone": ["01632 960124", "07700 900123", "01632960123"],
    "reference": ["KRS-123456789", "ABC-1", "krs-1", "KRS", "KRS-", "KRS-1A", "10482", "KRS- 1"],
    "money": ["£13", "£999", "12", "£12.5", "$12", "£12.500", "12 pounds", "£12,000", "€12"],
    "reason": ["Weather", "the head was arrested"],
    "route": ["route 8", "Route 7"],
    "url": [
        "http://www.example.sch.uk/",
        "https://www.example.sch.uk/Bella-was-excluded",
        "https://www.example.sch.uk/07700900123",
        "https://www.example.sch.uk/term-dates?id=07700900123",
        "https://www.example.sch.uk/#x",
        "https://www.example.sch.uk.evil.example/",
        "https://evil.example/",
        "https://elsewhere.example/term-dates",  # listed, but the host is not approved
        "https://user@www.example.sch.uk/",
        "https://www.example.sch.uk:8080/",
        "https://WWW.EXAMPLE.SCH.UK/",
        "www.example.sch.uk",
        "javascript:alert(1)",
    ],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in GOOD for value in GOOD[kind]])
def test_3_3_a_value_of_the_approved_list_is_shown_as_it_is(kind: str, value: str) -> None:
    assert filled(value, kind).shown == value


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in BAD for value in BAD[kind]])
def test_3_3_a_value_that_is_not_approved_is_refused_and_not_repeated(kind: str, value: str) -> None:
    error = refused(value, kind)
    assert error.clause == "3.3"
    others = {str(refused(other, kind)) for other in BAD[kind] if other != value}
    assert str(error) in others  # the sentence does not depend on the value


LISTED = sorted(set(GOOD) - {"group", "reference"})


@pytest.mark.parametrize("kind", LISTED)
def test_3_3_a_template_may_bring_its_own_list(kind: str) -> None:
    own = {"money": "£7", "url": "https://www.example.sch.uk/trip"}.get(kind, "something else")
    assert filled(own, kind, choices=[own]).shown == own
    for value in set(GOOD[kind]) - {"https://www.example.sch.uk", "https://www.example.sch.uk/"}:
        refused(value, kind, choices=[own])


def test_3_3_a_templates_own_groups_are_the_only_ones() -> None:
    assert filled("Year 7", "group", choices=["Year 7"]).shown == "Year 7"
    refused("Year 8", "group", choices=["Year 7"])


def test_3_3_a_choice_is_one_of_the_templates() -> None:
    assert fill("a hat", CHOICE, SITE, NOW).shown == "a hat"
    with pytest.raises(SlotError, match="allowed: a hat; a coat"):
        fill("a cap", CHOICE, SITE, NOW)


def test_3_3_a_long_list_is_named_in_part() -> None:
    error = refused("x", "choice", choices=[f"item {i}" for i in range(20)])
    assert str(error).endswith("item 11 …")
    error = refused("x", "choice", choices=[f"item {i}" for i in range(12)])
    assert str(error).endswith("item 11")


@pytest.mark.parametrize(
    "kind", ["event", "place", "staff_name", "route", "organisation_phone", "group", "choice"]
)
def test_3_3_without_an_approved_list_nothing_passes(kind: str) -> None:
    bare = settings(lists={})
    with pytest.raises(SlotError, match="nothing yet: approve a list first"):
        fill("the main hall", {"type": kind}, bare, NOW)


def test_3_3_without_prefixes_or_hosts_nothing_passes() -> None:
    bare = settings(lists={})
    with pytest.raises(SlotError, match="none is configured"):
        fill("KRS-1", {"type": "reference"}, bare, NOW)
    with pytest.raises(SlotError, match="none is configured"):
        fill("https://www.example.sch.uk/", {"type": "url"}, bare, NOW)


@pytest.mark.parametrize("spec", [{}, {"type": "text"}, {"type": None}])
def test_3_3_a_slot_without_a_known_type_takes_nothing(spec: dict[str, Any]) -> None:
    with pytest.raises(SlotError, match="no known type"):
        fill("x", spec, SITE, NOW)


def test_3_3_every_type_is_tested_here() -> None:
    assert set(TYPES) == {"date", "time", "choice"} | set(GOOD)
    assert set(GOOD) == set(BAD)
    assert set(LISTS) == set(SETTINGS.lists) == set(TYPES) - {"date", "time", "choice"}
