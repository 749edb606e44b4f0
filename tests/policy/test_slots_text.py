"""2.2: no slot takes arbitrary text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.slots import TYPES, Filled, SlotError, fill
from tests.policy.cases import NOW
from tests.policy.slotted import CHOICE, SITE

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
SHOWN = {
    "date": rf"({DAYS}) [1-9][0-9]? ({MONTHS})( [0-9]{{4}})?",
    "time": r"(1[0-2]|[1-9])(:[0-5][0-9])?[ap]m",
    "group": r"Year 1?[0-9][A-Z]?|Reception|Nursery|Breakfast club",
    "reference": r"(KRS|INV)[-/]?[0-9]{1,8}",
}
DANGERS = st.sampled_from(
    [
        "\n",
        "\r\n",
        "\u2028",
        "\x00",
        "\u202e",
        "https://evil.example/x",
        "www.evil.example",
        "bit.ly/x",
        "😀",
        "🙂",
        "❤️",
        "1️⃣",
        "07700 900123",
        "+447700900123",
        "020 7946 0018",
        "4111 1111 1111 1111",
        "4111111111111111",
        "943 476 5919",
        "Bella",
        "was excluded",
        "{day}",
        "please ring us",
    ]
)
NEARLY = st.sampled_from(
    [
        "",
        " ",
        "13 June",
        "2025-06-13",
        "15:30",
        "3pm",
        "Year 7",
        "Year 7B",
        "KRS-10482",
        "KRS-",
        "£12",
        "sports day",
        "https://www.example.sch.uk/",
        "https://www.example.sch.uk",
    ]
) | st.text(max_size=8)
KINDS = sorted(TYPES)


def passes(value: str, kind: str) -> Filled | None:
    spec = CHOICE if kind == "choice" else {"type": kind}
    try:
        return fill(value, spec, SITE, NOW)
    except SlotError:
        return None


def approved(kind: str) -> set[str]:
    return set(CHOICE["choices"] if kind == "choice" else SITE.lists.get(kind, ()))


@pytest.mark.parametrize("kind", KINDS)
@given(before=NEARLY, danger=DANGERS, after=NEARLY)
def test_2_2_no_value_with_a_link_a_number_a_line_end_or_an_emoji_passes(
    kind: str, before: str, danger: str, after: str
) -> None:
    value = before + danger + after
    if value.strip(" ") not in approved(kind):
        assert passes(value, kind) is None


@pytest.mark.parametrize("kind", KINDS)
@given(value=st.text(max_size=40) | st.builds(lambda a, b: a + b, NEARLY, NEARLY))
def test_2_2_what_passes_is_approved_or_has_the_form_of_its_type(kind: str, value: str) -> None:
    found = passes(value, kind)
    if found is None or found.shown in approved(kind):
        return
    if kind == "url":
        assert found.shown in ("https://www.example.sch.uk", "https://www.example.sch.uk/")
    else:
        assert re.fullmatch(SHOWN[kind], found.shown)


@pytest.mark.parametrize("kind", sorted(SHOWN))
@given(data=st.data())
def test_2_2_no_form_has_room_for_a_telephone_or_card_number(kind: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(SHOWN[kind], fullmatch=True))
    found = passes(value, kind)
    if found is not None:
        assert re.search(r"([0-9][ -]?){9}", found.shown) is None
