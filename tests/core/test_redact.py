"""What is somebody's is taken out, and what was equal stays equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redact import Redactor


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to +447700900123 and +447700900124, +447700900123", "to <number-1> and <number-2>, <number-1>"),
        ("07700 900123 is 07700900123", "<number-1> is <number-1>"),
        ('smsc = "+44 7785 016005"', 'smsc = "<number-1>"'),
        ("447700900123", "<digits-1>"),
        ("imei=490154203237518 iccid=8944110068000000017F", "imei=<digits-1> iccid=<digits-2>F"),
        ("the SIM was changed from …4321 to …9876", "the SIM was changed from <card-1> to <card-2>"),
        ("0791447758100650040C914477000910320000629010800300400453EA130A", "<hex-1>"),
        ("mail to it@school.example, <head@school.example>", "mail to <mail-1>, <<mail-2>>"),
        ("Authorization: Bearer sg_live_0123_abc", "Authorization: <key-1>"),
        ("key sg_live_0123456789ab_00ff_12345678", "key <key-1>"),
        ("whsec_AbC+/=9", "<key-1>"),
        # what a helper needs stays
        (
            "2026-11-26 14:31:07 [info     ] part sent mr=12",
            "2026-11-26 14:31:07 [info     ] part sent mr=12",
        ),
        ("message=msg_01jd2k7v9x8m4n5p6q7r8s9tab", "message=msg_01jd2k7v9x8m4n5p6q7r8s9tab"),
        ("port = 8025, CMS 332, -105 dBm, 12d1:1506", "port = 8025, CMS 332, -105 dBm, 12d1:1506"),
    ],
)
def test_what_goes_and_what_stays(text: str, shown: str) -> None:
    assert Redactor()(text) == shown


def test_a_secret_goes_wherever_it_stands() -> None:
    redact = Redactor(["7391", "correct horse", ""])
    assert redact("x7391y, correct horse!") == "x<secret>y, <secret>!"


@given(st.from_regex(r"\A\+[1-9][0-9]{7,14}\Z"), st.text("abc xyz,.;:'\"()", max_size=5))
def test_no_number_survives_whatever_stands_around_it(number: str, around: str) -> None:
    shown = Redactor()(f"{around}{number}{around}")
    assert number not in shown
    assert number[1:] not in shown
