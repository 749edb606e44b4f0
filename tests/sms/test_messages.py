"""Messages: `encode` and `decode_*` undo each other, and whatever else comes in is a `PduError`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms import (
    Address,
    Alphabet,
    Coding,
    Concat,
    Deliver,
    PduError,
    Ports,
    StatusReport,
    Submit,
    UserData,
    decode_deliver,
    decode_inbound,
    decode_status_report,
    decode_submit,
    join,
    tpdu_length,
)
from gateway.sms.describe import describe
from tests.sms import strategies
from tests.sms.shared import FIELD, PDU

PARENT = Address.parse("+447700900123")
STAMP = bytes.fromhex("62901080030040")
DECODERS = (decode_deliver, decode_submit, decode_status_report, decode_inbound)
KINDS = {decode_deliver: "deliver", decode_submit: "submit", decode_status_report: "status_report"}


@given(strategies.delivers)
def test_a_deliver_comes_back(message):
    assert decode_deliver(message.encode()) == message
    assert decode_inbound(message.encode().hex()) == message


@given(strategies.submits)
def test_a_submit_comes_back(message):
    assert decode_submit(message.encode()) == message
    assert decode_submit(message.encode().hex().upper()) == message


@given(strategies.reports)
def test_a_status_report_comes_back(report):
    assert decode_status_report(report.encode()) == report
    assert decode_inbound(report.encode().hex()) == report


@given(strategies.delivers | strategies.submits | strategies.reports)
def test_the_length_for_the_modem_leaves_the_service_centre_out(message):
    octets = message.encode()
    assert tpdu_length(octets) == len(octets) - 1 - octets[0]
    assert tpdu_length(octets.hex()) == tpdu_length(octets)


def value_or_error(pdu):
    """Run every decoder over `pdu`; what one makes a value of must encode, and decode to the same value."""
    for decoder in DECODERS:
        try:
            message = decoder(pdu)
        except PduError:
            continue
        assert isinstance(message, Deliver | Submit | StatusReport)
        if message.smsc is None or message.smsc.ton != 5:  # no service centre has a name
            assert decoder(message.encode()) == message
        if decoder in KINDS:
            assert (
                describe(KINDS[decoder], pdu)["number"]
                == (message.sender if isinstance(message, Deliver) else message.recipient).number
            )
        if not isinstance(message, StatusReport):
            assert join([message]) == (message.text or "")
    try:
        assert tpdu_length(pdu) > 0
    except PduError:
        return


@given(st.binary(max_size=200))
def test_any_octets_give_a_value_or_our_error(octets):
    value_or_error(octets)
    value_or_error(octets.hex())


@given(st.text(max_size=50) | st.text("0123456789abcdefABCDEF ", max_size=400))
def test_any_characters_give_a_value_or_our_error(characters):
    value_or_error(characters)


@given(
    st.sampled_from([bytes.fromhex(v["pdu"]) for v in PDU + FIELD if len(v["pdu"]) % 2 == 0]),
    st.lists(st.tuples(st.integers(0, 180), strategies.octet), max_size=4),
    st.integers(0, 200),
)
def test_a_damaged_pdu_gives_a_value_or_our_error(octets, changes, end):
    damaged = bytearray(octets)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    value_or_error(bytes(damaged))
    value_or_error(bytes(damaged[:end]))


@pytest.mark.parametrize(
    ("pdu", "why"),
    [
        ("", "service centre length"),
        ("00", "first octet"),
        ("0", "hexadecimal"),
        ("zz", "hexadecimal"),
        ("0C91", "service centre: 12 octets"),
        ("0004", "sender length"),
        ("000415", "sender: 21 semi-octets"),
        ("00040C91", "sender: 6 of 6 octets missing"),
        ("000400810000", "time stamp"),
        ("00040081000062901080030040", "user data length"),
        ("0004008100006290108003004004D3", "user data"),
        ("00040081000862901080030040" + "8D" + "00" * 141, "at most 140"),
        ("00440081000462901080030040020500", "user data header: 6 octets in 2"),
        ("00020000", "recipient type"),
    ],
)
def test_the_error_names_the_field(pdu, why):
    with pytest.raises(PduError, match=why):
        decode_inbound(pdu)


def test_a_length_that_forgets_the_fill_bits_is_an_empty_text():
    message = decode_inbound("0044008100006290108003004006" + "0500037F0201")
    assert (message.text, message.concat) == ("", Concat(0x7F, 2, 1))


def test_a_message_says_what_its_data_is():
    header = bytes.fromhex("05040B8423F0")
    message = Deliver(data=UserData(Coding(0xF5), b"\x01", header), sender=PARENT, stamp=STAMP)
    assert (message.alphabet, message.message_class) == (Alphabet.DATA, 1)
    assert message.ports == Ports(2948, 9200)
    assert (message.text, message.concat) == (None, None)


def test_a_submit_is_nothing_that_was_received():
    pdu = Submit(data=UserData(Coding(0), b""), recipient=PARENT).encode()
    with pytest.raises(PduError, match="SUBMIT"):
        decode_inbound(pdu)


def test_a_reserved_type_is_read_as_a_deliver():
    message = Deliver(data=UserData(Coding(0), b"STOP"), sender=PARENT, stamp=STAMP, flags=0x07)
    assert decode_inbound(message.encode()).text == "STOP"


@pytest.mark.parametrize("pdu", ["", "00", "0791", "03AABBCC"])
def test_a_pdu_that_ends_with_its_service_centre_has_no_length(pdu):
    with pytest.raises(PduError):
        tpdu_length(pdu)


def test_what_does_not_fit_is_refused_when_encoding():
    with pytest.raises(PduError, match="141 octets"):
        Deliver(data=UserData(Coding(4), bytes(141)), sender=PARENT, stamp=STAMP).encode()


@pytest.mark.parametrize(
    ("pid", "dcs", "content", "silent"),
    [
        (0x40, 0x00, b"STOP", True),
        (0x00, 0xC8, b"", True),
        (0x00, 0xC8, b"STOP", False),  # a text is never thrown away unread
        (0x00, 0x00, b"", False),
        (0x00, 0xD8, b"", False),
    ],
)
def test_what_is_for_nobody_is_silent(pid, dcs, content, silent):
    message = Deliver(data=UserData(Coding(dcs), content), sender=PARENT, stamp=STAMP, pid=pid)
    assert message.silent is silent


def test_times_of_a_report_are_read():
    report = StatusReport(mr=7, recipient=PARENT, stamp=STAMP, discharge=bytes(7), status=0)
    assert report.scts is not None
    assert report.scts.isoformat() == "2026-09-01T08:30:00+01:00"
    assert report.discharged is None
