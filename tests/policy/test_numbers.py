"""4.3: which numbers may be texted, and under which one form each is known."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from policy import Code, Number, Reason, canonical, normalise
from tests.policy.cases import SETTINGS, settings

MOBILE = Number("+447400123456", "GB")
HIDDEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202a", "\u202c", "\u2066", "\u2069", "\u200e"]
WIDE = str.maketrans("0123456789+", "０１２３４５６７８９＋")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def refusal(raw: str) -> str:
    """Return the sentence that a number is refused with."""
    answer = normalise(raw, SETTINGS)
    assert isinstance(answer, Reason), answer
    assert (answer.code, answer.clause, answer.field) == (Code.NUMBER_INVALID, "4.3", "to")
    return answer.message


@pytest.mark.parametrize(
    "raw",
    [
        "+447400123456",
        "07400123456",
        "07400 123456",
        "07400 123 456",
        "  07400 123456 ",
        "(07400) 123456",
        "07400-123-456",
        "07400–123–456",  # noqa: RUF100 - en dashes, as office programs write
        "07400.123.456",
        "7400 123456",
        "00447400123456",
        "447400123456",
        "+44 7400 123456",
        "+44 (0)7400 123456",
        "+44(0)7400123456",
        "+44 ( 0 ) 7400 123456",
        "0044 (0) 7400 123456",
        "(+44) 7400 123456",
        "+44 07400 123456",
        "07400\u00a0123\u2009456",
        "07400\t123456",
        "+447400123456".translate(WIDE),
        "07400 123456".translate(ARABIC),
        "⁰⁷⁴⁰⁰123456",
    ],
)
def test_4_3_one_mobile_however_it_is_written(raw: str) -> None:
    assert normalise(raw, SETTINGS) == MOBILE


@pytest.mark.parametrize("mark", HIDDEN, ids=ascii)
def test_4_3_marks_that_nobody_sees_are_dropped(mark: str) -> None:
    assert normalise(f"{mark}+44{mark}7400 12{mark}3456{mark}", SETTINGS) == MOBILE


@pytest.mark.parametrize(
    "raw",
    [
        "07700 900123 (mum)",
        "07400 123456 (mum)",
        "mum 07400 123456",
        "07400 123456 ext 3",
        "07400123456x3",
        "O7400 123456",
        "O7400 l23456",
        "0800 FLOWERS",
        "tel:07400123456",
        "07400 123456 (мама)",
        "07400 123456 妈",
        "KRS Education",
    ],
)
def test_4_3_any_letter_refuses(raw: str) -> None:
    assert "letters" in refusal(raw)
    assert canonical(raw, SETTINGS) is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("", "empty"),
        (" \t\u200b", "empty"),
        ("020 7946 0018", "landline"),
        ("01534 496000", "landline"),
        ("0330 123 4567", "organisation's"),
        ("055 1234 5678", "organisation's"),
        ("056 1234 5678", "internet"),
        ("070 1234 5678", "personal (070)"),
        ("0800 123 4567", "freephone"),
        ("0909 123 4567", "premium-rate"),
        ("+44 909 123 4567", "premium-rate"),
        ("07640 123456", "pager"),
        ("60777", "short code"),
        ("999", "short code"),
        ("07400 123", "short code"),
        ("07400 12345", "check the digits"),
        ("07400 1234567", "check the digits"),
        ("07400 123456 07400 123457", "check the digits"),
        ("+44", "not a telephone number"),
        ("+", "not one telephone number"),
        ("()", "not one telephone number"),
        ("07400 123456 / 07400 123457", "not one telephone number"),
        ("07400 123456, 07400 123457", "not one telephone number"),
        ("+44 7400 123456 +44 7400 123457", "not one telephone number"),
        ("07400 123456#", "not one telephone number"),
        ("*#06#", "not one telephone number"),
        ("0" * 61, "not one telephone number"),
        ("+999 123456789", "check the digits"),
        ("٠٧", "short code"),
    ],
    ids=ascii,
)
def test_4_3_what_is_no_mobile_is_refused_in_helpful_words(raw: str, words: str) -> None:
    assert words in refusal(raw)


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        ("+447400123456", "GB"),
        ("+447781123456", "GG"),
        ("+447797123456", "JE"),
        ("+447829123456", "JE"),
        ("+447624123456", "IM"),
        ("07924 123456", "GB"),
    ],
)
def test_4_3_mobiles_of_the_british_isles_are_allowed(raw: str, region: str) -> None:
    answer = normalise(raw, SETTINGS)
    assert isinstance(answer, Number)
    assert answer.region == region


@pytest.mark.parametrize(
    ("raw", "region"),
    [
        ("+353861234567", "IE"),
        ("+33612345678", "FR"),
        ("+48512345678", "PL"),
        ("+12423591234", "BS"),
        ("0033 612345678", "FR"),
    ],
)
def test_4_3_mobiles_of_elsewhere_are_refused_unless_the_policy_lists_them(raw: str, region: str) -> None:
    assert f"({region}): mobiles of GB, GG, JE, IM are" in refusal(raw)
    allowing = settings(allowed_regions=["GB", region])
    answer = normalise(raw, allowing)
    assert isinstance(answer, Number)
    assert answer.region == region


def test_4_3_the_regions_are_a_setting() -> None:
    mainland = settings(allowed_regions=["GB"])
    assert isinstance(normalise("07797 123456", mainland), Reason)
    assert normalise("07400 123456", mainland) == MOBILE


@pytest.mark.parametrize("raw", ["07700 900000", "07700900123", "+44 7700 900 999", "+44 (0)7700 900123"])
def test_4_3_numbers_for_drama_are_for_tests_only(raw: str) -> None:
    assert "films" in refusal(raw)
    answer = normalise(raw, SETTINGS, allow_drama=True)
    assert isinstance(answer, Number)
    assert answer.drama
    assert answer.e164 == canonical(raw, SETTINGS)


@pytest.mark.parametrize("raw", ["07700 899999", "07700 901000"])
def test_4_3_the_drama_range_has_edges(raw: str) -> None:
    assert "films" not in str(normalise(raw, SETTINGS))
    assert not getattr(normalise(raw, SETTINGS, allow_drama=True), "drama", False)


def test_4_3_a_number_has_room_for_its_spaces_and_no_more() -> None:
    assert normalise("07400123456".center(60), SETTINGS) == MOBILE
    assert "not one telephone number" in refusal("07400123456".center(61))


def test_4_3_allowing_drama_allows_nothing_else() -> None:
    for raw in ("0909 123 4567", "020 7946 0018", "60777", "07700 900123 (mum)"):
        assert normalise(raw, SETTINGS, allow_drama=True) == normalise(raw, SETTINGS)


@pytest.mark.parametrize("raw", ["020 7946 0018", "0909 123 4567", "070 1234 5678", "+33 6 12 34 56 78"])
def test_6_2_a_number_that_may_not_be_texted_can_still_opt_out(raw: str) -> None:
    form = canonical(raw, SETTINGS)
    assert form is not None
    assert form.startswith("+")
    assert canonical(form, SETTINGS) == form


@pytest.mark.parametrize(
    ("sender", "form"),
    [
        ("353871234567", "+353871234567"),
        ("79012345678", "+79012345678"),
        ("33 6 12 34 56 78", "+33612345678"),
        ("7700900123", "+447700900123"),  # can be of this country, and so it is
        ("447700900123", "+447700900123"),
        ("99999999999999", None),  # of no country
    ],
)
def test_6_2_a_sender_from_abroad_may_come_without_its_plus(sender: str, form: str | None) -> None:
    assert canonical(sender, SETTINGS) == form


def test_4_3_a_number_to_be_texted_is_not_taken_for_one_from_abroad() -> None:
    wide = settings(allowed_regions=["GB", "IE"])
    assert normalise("+353871234567", wide) == Number("+353871234567", "IE")
    assert isinstance(normalise("353871234567", wide), Reason)


@pytest.mark.parametrize("raw", ["60777", "999", "KRS", "", "+", "+1234"])
def test_6_2_what_is_no_full_number_has_no_canonical_form(raw: str) -> None:
    assert canonical(raw, SETTINGS) is None


# -- properties ------------------------------------------------------------------------------------

DIGITS = st.text("0123456789", min_size=0, max_size=13)
WRITTEN = st.builds(
    lambda head, digits, joint, every: (
        head + joint.join(digits[i : i + every] for i in range(0, len(digits), every))
    ),
    st.sampled_from(["", "+", "+44", "0", "00", "0044", "+44 (0)", "07", "+447", "+353", "(0"]),
    DIGITS,
    st.sampled_from(["", " ", "-", ".", ") ", "\u200b", "  "]),
    st.integers(1, 5),
)
ANYTHING = WRITTEN | st.text(max_size=70) | st.text("0123456789 +()-.", max_size=30)


@given(raw=ANYTHING, drama=st.booleans())
@example(raw="\ud800", drama=False)
@example(raw="\ufdfa" * 60, drama=False)
def test_4_3_no_text_raises_and_a_number_that_may_be_texted_has_its_canonical_form(
    raw: str, drama: bool
) -> None:
    answer = normalise(raw, SETTINGS, allow_drama=drama)
    if isinstance(answer, Number):
        assert answer.e164 == canonical(raw, SETTINGS)
        assert normalise(answer.e164, SETTINGS, allow_drama=drama) == answer
    else:
        assert answer.code is Code.NUMBER_INVALID


@given(subscriber=st.integers(0, 99999), head=st.sampled_from(["07400", "07797", "07781", "07924", "07700"]))
def test_4_3_every_way_to_write_a_mobile_means_the_same(subscriber: int, head: str) -> None:
    national = f"{head}1{subscriber:05}"
    ways = [
        national,
        f"{national[:5]} {national[5:]}",
        f"+44{national[1:]}",
        f"+44 (0){national[1:]}",
        f"0044{national[1:]}",
        f"\u202a+44 {national[1:]}\u202c",
        national.translate(WIDE),
    ]
    assert {canonical(way, SETTINGS) for way in ways} == {f"+44{national[1:]}"}


@given(raw=ANYTHING)
@example(raw="+44 0000000000")
@example(raw="+8600170398155987")
@example(raw="+43006838")
def test_4_3_a_canonical_form_is_its_own(raw: str) -> None:
    form = canonical(raw, SETTINGS)
    if form is not None:
        assert canonical(form, SETTINGS) == form


@given(raw=WRITTEN)
def test_4_3_a_refusal_does_not_repeat_the_number(raw: str) -> None:
    answer = normalise(raw, SETTINGS)
    digits = "".join(char for char in raw if char.isdigit())
    if isinstance(answer, Reason) and len(digits) > 6:
        assert digits not in answer.message
        assert raw not in answer.message


@given(st.from_regex(r"\+44[1-9][0-9]{8,9}", fullmatch=True))
def test_4_3_a_number_in_the_form_that_is_kept_is_what_the_library_reads(number: str) -> None:
    parsed = phonenumbers.parse(number, "GB")
    assert canonical(number, SETTINGS) == phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    mobile = phonenumbers.number_type(parsed) == PhoneNumberType.MOBILE
    assert mobile or isinstance(normalise(number, SETTINGS), Reason)
