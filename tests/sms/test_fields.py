"""Addresses, time stamps, validity, coding schemes, headers."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms import Address, Alphabet, Coding, Concat, PduError, Ports, UserData, Validity, timestamp
from gateway.sms.header import Header
from gateway.sms.octets import Reader, swapped, unswapped
from gateway.sms.validity import Form
from tests.sms.strategies import addresses, numbers, octet, stamps, times

# -- addresses ---------------------------------------------------------------------------------------


@given(addresses)
def test_an_address_comes_back(address):
    reader = Reader(address.encode())
    assert Address.decode(reader, "sender") == address
    assert reader.rest() == b""


@given(numbers)
def test_a_service_centre_comes_back(address):
    assert Address.decode_smsc(Reader(address.encode_smsc())) == address


@pytest.mark.parametrize(
    ("number", "ton", "hexadecimal"),
    [
        ("+447700900123", 1, "0c91447700091032"),
        ("07700900123", 0, "0b817007900021f3"),
        ("60777", 0, "05810677f7"),
        ("1", 0, "0181f1"),
    ],
)
def test_a_destination_is_written_by_its_form(number, ton, hexadecimal):
    address = Address.parse(number)
    assert (address.number, address.ton, address.npi) == (number, ton, 1)
    assert address.encode() == bytes.fromhex(hexadecimal)


@pytest.mark.parametrize(
    "number", ["", "+", "0770 0900123", "*100#", "#21#", "INFO", "++44", "44+", "٠١٢", "+" + "1" * 21, "²"]
)
def test_what_is_no_destination_is_refused(number):
    with pytest.raises(PduError, match="no number to send to"):
        Address.parse(number)


def test_a_name_is_an_alphanumeric_address():
    assert Address.named("INFO").encode().hex() == "07d049a7f109"


def test_a_name_of_twelve_characters_does_not_fit():
    with pytest.raises(PduError, match="21 semi-octets"):
        Address.named("ABCDEFGHIJKL").encode()


def test_a_name_outside_the_alphabet_is_refused():
    with pytest.raises(PduError, match="outside the GSM alphabet"):
        Address.named("Škola").encode()


def test_a_letter_in_a_number_is_refused():
    with pytest.raises(PduError, match="'x' is no digit"):
        Address("0x1").encode()


def test_a_service_centre_of_too_many_digits_is_refused():
    with pytest.raises(PduError, match="service centre address of 11 octets"):
        Address("1" * 21).encode_smsc()


def test_filler_is_left_out():
    assert unswapped(bytes.fromhex("21F3")) == "123"
    assert swapped("123").hex() == "21f3"


# -- time stamps -------------------------------------------------------------------------------------


@given(times)
def test_a_time_comes_back(when):
    again = timestamp.decode(timestamp.encode(when))
    assert again == when
    assert again.utcoffset() == when.utcoffset()


@given(stamps)
def test_any_octets_are_a_time_or_none(stamp):
    when = timestamp.decode(stamp)
    if when is not None and stamp[6] != 0x08:  # minus zero
        assert timestamp.encode(when) == stamp


def test_utc_has_no_quarters():
    assert timestamp.encode(datetime(2026, 9, 1, 8, 30, tzinfo=UTC)).hex() == "62901080030000"


def test_a_zone_is_rounded_to_a_quarter_and_the_instant_kept():
    odd = datetime(2026, 9, 1, 8, 30, tzinfo=timezone(timedelta(minutes=20)))
    assert timestamp.decode(timestamp.encode(odd)) == odd


@pytest.mark.parametrize("stamp", ["00000000000000", "ff" * 7, "62310000000000", "629010800300A0"])
def test_what_is_no_time_is_none(stamp):
    assert timestamp.decode(bytes.fromhex(stamp)) is None


# -- validity ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "step"),
    [
        (timedelta(days=-1), 0),
        (timedelta(0), 0),
        (timedelta(minutes=5), 0),
        (timedelta(minutes=9, seconds=59), 0),
        (timedelta(minutes=10), 1),
        (timedelta(hours=12), 143),
        (timedelta(hours=12, minutes=29), 143),
        (timedelta(hours=12, minutes=30), 144),
        (timedelta(hours=24), 167),
        (timedelta(hours=47), 167),
        (timedelta(days=2), 168),
        (timedelta(days=30), 196),
        (timedelta(days=34), 196),
        (timedelta(weeks=5), 197),
        (timedelta(weeks=63), 255),
        (timedelta(weeks=100), 255),
    ],
)
def test_a_relative_validity_never_outlasts_what_was_asked(period, step):
    assert Validity.lasting(period).octets == bytes((step,))


@given(octet)
def test_a_relative_validity_comes_back(step):
    period = Validity(Form.RELATIVE, bytes((step,))).period
    assert period is not None
    assert Validity.lasting(period).octets == bytes((step,))


@given(times)
def test_an_absolute_validity_comes_back(when):
    validity = Validity.until(when)
    assert (validity.ends, validity.period, validity.single_shot) == (when, None, False)


@pytest.mark.parametrize(
    ("octets", "period", "single_shot"),
    [
        ("00000000000000", None, False),
        ("01010000000000", timedelta(minutes=10), False),
        ("41010000000000", timedelta(minutes=10), True),
        ("021E0000000000", timedelta(seconds=30), False),
        ("03102030000000", timedelta(hours=1, minutes=2, seconds=3), False),
        ("03F02030000000", None, False),
        ("031020A0000000", None, False),
        ("82001E00000000", timedelta(seconds=30), False),
        ("07000000000000", None, False),
    ],
)
def test_an_enhanced_validity_is_read(octets, period, single_shot):
    validity = Validity(Form.ENHANCED, bytes.fromhex(octets))
    assert (validity.period, validity.single_shot, validity.ends) == (period, single_shot, None)


def test_a_validity_has_the_octets_of_its_form():
    with pytest.raises(PduError, match="RELATIVE has 1"):
        Validity(Form.RELATIVE, b"")


# -- coding schemes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "alphabet"),
    [
        ((0x00, 0x0C, 0x40, 0x4C, 0x80, 0xB4, 0xC0, 0xD8, 0xF0, 0xF3, 0xF9), Alphabet.GSM7),
        ((0x04, 0x06, 0x14, 0x44, 0xF4, 0xFC, 0xFF), Alphabet.DATA),
        ((0x08, 0x18, 0x48, 0xE0, 0xE8), Alphabet.UCS2),
    ],
)
def test_every_group_has_its_alphabet(codes, alphabet):
    for code in codes:
        assert Coding(code).alphabet is alphabet


@pytest.mark.parametrize(
    ("code", "message_class"),
    [(0x00, None), (0x01, None), (0x10, 0), (0x5B, 3), (0xF2, 2), (0xC1, None), (0x91, None)],
)
def test_a_class_counts_where_the_scheme_says_so(code, message_class):
    assert Coding(code).message_class == message_class


@given(st.sampled_from(Alphabet), st.none() | st.integers(0, 3))
def test_a_coding_says_what_it_was_made_of(alphabet, message_class):
    coding = Coding.of(alphabet, message_class)
    assert (coding.alphabet, coding.message_class) == (alphabet, message_class)


def test_there_is_no_class_four():
    with pytest.raises(PduError, match="0 to 3"):
        Coding.of(Alphabet.GSM7, 4)


def test_compressed_text_is_not_read():
    data = UserData(Coding(0x20), b"\x01\x02")
    assert data.text is None
    assert data.encode() == b"\x02\x01\x02"


# -- headers -----------------------------------------------------------------------------------------


@given(
    st.builds(Concat, octet, octet, octet)
    | st.builds(Concat, st.integers(0, 65535), octet, octet, st.just(True))
)
def test_a_concatenation_comes_back(concat):
    assert Header.read(concat.encode()).concat == concat


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("", Header()),
        ("00030A0201", Header(concat=Concat(10, 2, 1))),
        ("00030A0201 00030B0302", Header(concat=Concat(11, 3, 2))),  # the last counts
        ("00030A0201 080401020302", Header(concat=Concat(0x0102, 3, 2, wide=True))),
        ("0402C8F0", Header(ports=Ports(200, 240))),
        ("05040B8423F0", Header(ports=Ports(2948, 9200))),
        ("240101 250103", Header(single=1, locking=3)),
        ("7002AABB 240102", Header(single=2)),  # what is unknown is passed over
        ("0002AABB 240102", Header(single=2)),  # and what has not its length
        ("00030A02", Header()),  # cut short: nothing of it counts
        ("240101 00", Header()),
    ],
)
def test_a_header_says_what_the_standard_says(header, meaning):
    assert Header.read(bytes.fromhex(header)) == meaning


@given(st.binary(max_size=140))
def test_any_header_can_be_read(header):
    assert isinstance(Header.read(header), Header)


@pytest.mark.parametrize(
    ("number", "total", "sound"), [(1, 1, True), (2, 2, True), (0, 2, False), (3, 2, False), (0, 0, False)]
)
def test_a_part_number_is_sound_within_its_total(number, total, sound):
    assert Concat(1, total, number).sound is sound
