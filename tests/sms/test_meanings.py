"""What the codes of reports and refusals mean."""

import pytest

from gateway.model import FailureKind
from gateway.sms import ErrorKind, TpOutcome, cme_code, cme_error, cms_error, tp_outcome, tp_status_text


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x00, TpOutcome.DELIVERED),
        (0x01, TpOutcome.FORWARDED),
        (0x02, TpOutcome.FORWARDED),
        (0x1F, TpOutcome.FORWARDED),
        (0x20, TpOutcome.STILL_TRYING),
        (0x30, TpOutcome.STILL_TRYING),
        (0x3F, TpOutcome.STILL_TRYING),
        (0x40, TpOutcome.PERMANENT),
        (0x43, TpOutcome.PERMANENT),
        (0x46, TpOutcome.EXPIRED),
        (0x48, TpOutcome.PERMANENT),
        (0x5F, TpOutcome.PERMANENT),
        (0x60, TpOutcome.TEMPORARY_FAILED),
        (0x7F, TpOutcome.TEMPORARY_FAILED),
        (0x80, TpOutcome.TEMPORARY_FAILED),
        (0xFF, TpOutcome.TEMPORARY_FAILED),
    ],
)
def test_a_status_has_its_outcome(status, outcome):
    assert tp_outcome(status) is outcome


def test_every_status_can_be_said_in_words():
    assert tp_status_text(0x46) == "validity period expired"
    assert tp_status_text(0x35) == "status 0x35: still trying"
    assert all(tp_status_text(status) for status in range(256))


def test_the_kinds_are_those_of_the_gateway():
    assert {kind.value for kind in ErrorKind} == {kind.value for kind in FailureKind}


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ((1, 21, 27, 28, 29, 30, 50, 69, 95, 99, 176, 195, 196, 304), ErrorKind.PERMANENT),
        ((17, 22, 38, 41, 42, 47, 192, 194), ErrorKind.TEMPORARY),
        ((8, 10, 193, 302, 310, 311, 314, 316, 322, 330, 331), ErrorKind.DEVICE),
        ((111, 127, 197, 255, 332, 500, 512, 513, 515, 5999, -1), ErrorKind.UNKNOWN),
    ],
)
def test_a_service_error_has_its_kind(codes, kind):
    assert {cms_error(code).kind for code in codes} == {kind}


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ((10, 11, 12, 13, 14, 15, 16, 30, 32), ErrorKind.DEVICE),
        ((24, 25, 50), ErrorKind.PERMANENT),
        ((31, 100, 515, 9999), ErrorKind.UNKNOWN),
    ],
)
def test_an_equipment_error_has_its_kind(codes, kind):
    assert {cme_error(code).kind for code in codes} == {kind}


def test_an_error_keeps_its_code_and_has_words():
    for explain in (cms_error, cme_error):
        for code in range(600):
            meaning = explain(code)
            assert meaning.code == code
            assert meaning.text


@pytest.mark.parametrize("code", [0, 3, 10, 11, 12, 13, 14, 16, 30, 32, 47, 100])
def test_an_equipment_error_is_known_by_its_words(code):
    words = cme_error(code).text
    assert cme_code(words) == cme_code(f" {words.upper()} ") == code


@pytest.mark.parametrize("words", ["", "raspberry", "SIM", "error without a standard meaning"])
def test_other_words_are_no_error_that_we_know(words):
    assert cme_code(words) is None
