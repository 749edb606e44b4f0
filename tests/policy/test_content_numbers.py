"""2.2: numbers that identify, known by form and check digits; what only looks like one passes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from policy.content import numbers
from tests.policy.wordings import judged, outcome

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def said(text: str) -> str:
    """Return the sentences of what was found."""
    return " ".join(finding.reason.message for finding in judged(text))


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "４１１１ １１１１ １１１１ １１１１",
        "4111\u200b1111\u200b1111\u200b1111",
        "4l11 1111 1I11 1111",
        "5555 5555 5555 4444",
        "2223 0031 2200 3222",
        "378282246310005",
        "6011000990139424",
        "4222222222222",
        "4111 1111 1111 1111 04/27",
        "0161 496 0000 4111 1111 1111 1111",
    ],
)
def test_2_2_a_payment_card_is_found_however_it_is_written(written: str) -> None:
    assert "payment card" in said(f"Pay with {written} please.")


@pytest.mark.parametrize(
    "written",
    ["4111 1111 1111 1112", "1111 1111 1111 1117", "0161 496 0000 or 0113 496 0001", "2026-11-26 09:00:00"],
)
def test_other_long_numbers_are_no_cards(written: str) -> None:
    assert "payment card" not in said(f"Ring {written} please.")


def test_every_slip_in_one_digit_of_a_card_is_told_from_the_card() -> None:
    good = "4929123456789015"
    assert numbers.luhn(good)
    for at in range(16):
        for other in set("0123456789") - {good[at]}:
            assert not numbers.luhn(good[:at] + other + good[at + 1 :])


@pytest.mark.parametrize(
    "written",
    ["GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819", "DE89 3704 0044 0532 0130 00 by Monday"],
)
def test_2_2_an_iban_is_found(written: str) -> None:
    assert "IBAN" in said(f"Pay to {written}")


@pytest.mark.parametrize("written", ["GB30 NWBK 6016 1331 9268 19", "AB12 is the room of CLUB 1234 5678"])
def test_what_fails_modulo_97_is_no_iban(written: str) -> None:
    assert "IBAN" not in said(f"Pay to {written}")


@pytest.mark.parametrize(
    "written",
    [
        "20-45-77 13254678",
        "13254678, 20-45-77",
        "20 45 77 account 13254678",
        "sort code 204577",
        "s/c 20-45-77",
        "account number 13254678",
        "acc no. 1325 4678",
        "a/c 13254678",
    ],
)
def test_2_2_a_bank_account_is_found(written: str) -> None:
    assert "sort code" in said(f"Pay to {written}")


@pytest.mark.parametrize("written", ["12-11-26 at 10am", "0113 496 0000", "20 45 minutes", "order 13254678"])
def test_dates_and_telephones_are_no_bank_accounts(written: str) -> None:
    assert "sort code" not in said(f"See {written}")


@pytest.mark.parametrize("written", ["AB123456C", "ab 12 34 56 c", "JG-10-37-59-A", "AB.12.34.56.C"])
def test_2_2_a_national_insurance_number_is_found(written: str) -> None:
    assert "National Insurance" in said(f"It is {written}")


@pytest.mark.parametrize("written", ["GB123456C", "QQ123456C", "AB123456E", "AB12345C", "DAB123456C"])
def test_what_was_never_given_out_is_no_national_insurance_number(written: str) -> None:
    assert "National Insurance" not in said(f"It is {written}")


@pytest.mark.parametrize(
    "written", ["NHS number 943 476 5919", "4010232137 is the NHS no", "n.h.s. 943-476-5919"]
)
def test_2_2_an_nhs_number_near_the_word_is_found(written: str) -> None:
    assert "an NHS number" in said(written)


@pytest.mark.parametrize(
    "written",
    [
        "NHS number 943 476 5918",
        "Ring 943 476 5919",
        "NHS advice is good." + " Please come." * 4 + " 943 476 5919",
    ],
)
def test_other_ten_digits_are_no_nhs_number(written: str) -> None:
    assert "an NHS number" not in said(written)


def pupil_number(digits: str) -> str:
    return LETTERS[sum(int(d) * w for w, d in enumerate(digits, 2)) % 23] + digits


def test_2_2_a_unique_pupil_number_is_known_by_its_letter() -> None:
    seed = 20241108
    drawn = random.Random(seed)
    for _ in range(50):
        good = pupil_number("".join(drawn.choices("0123456789", k=12)))
        bad = LETTERS[(LETTERS.index(good[0]) + drawn.randint(1, 22)) % 23] + good[1:]
        assert "unique pupil" in said(f"See {good}."), f"seed {seed}"
        assert "unique pupil" not in said(f"See {bad}."), f"seed {seed}"
        assert "unique pupil" in said(f"UPN {bad}."), f"seed {seed}"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("MORGA657054SM9IJ", True),
        ("morga 657054 SM9IJ", True),
        ("MORGA690054SM9IJ", False),
        ("MORGA657454SM9IJ", False),
    ],
)
def test_2_2_a_driving_licence_is_known_by_its_birthday(written: str, *, found: bool) -> None:
    assert ("driving licence" in said(f"Licence {written} was seen")) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("passport number 925665416", True),
        ("Passport no: AB1234567", True),
        ("passports: 107 185 703", True),
        ("reference 925665416", False),
        ("Bring passports by 12 December 2026", False),
    ],
)
def test_2_2_a_passport_number_is_one_beside_the_word(written: str, *, found: bool) -> None:
    assert ("passport number" in said(written)) == found


@pytest.mark.parametrize(
    "text",
    [
        "Ring 0161 496 0123 or 07700 900123.",
        "Order 4471 is ready.",
        "Bus 12 leaves from bay 3 at 8:05am.",
        "Term: 15/02/2027 to 26/03/2027.",
        "The cost is £1,250.00.",
        "Room A12, door 3, seats 100-120.",
    ],
)
def test_everyday_numbers_pass(text: str) -> None:
    assert outcome(text) == "ALLOW"


@pytest.mark.parametrize("find", [numbers.named_accounts, numbers.passports, numbers.cards, numbers.ibans])
def test_every_number_in_a_text_is_found(find: Callable[[str], Iterator[tuple[int, int]]]) -> None:
    text = "acc 13254678; s/c 20-45-77; passport 925665416; 4111 1111 1111 1111; GB29NWBK60161331926819"
    found = [text[start:end] for start, end in find(text)]
    assert len(found) == (2 if find is numbers.named_accounts else 1)
