"""The GSM alphabet and its national tables."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms import alphabet, national, octets
from tests.sms.shared import NATIONAL
from tests.sms.strategies import gsm_texts, letters

septets = st.lists(st.integers(0, 127), max_size=160).map(bytes)
languages = st.integers(0, 255)
INDIC = {4: "BENGALI", 5: "GUJARATI", 6: "DEVANAGARI", 7: "KANNADA", 8: "MALAYALAM"}
INDIC |= {9: "ORIYA", 10: "GURMUKHI", 11: "TAMIL", 12: "TELUGU", 13: "ARABIC"}


def listed(kind, language, undefined):
    """Return a table as the standard lists it: code points in rows of sixteen."""
    codes = " ".join(NATIONAL[kind][str(language)]).split()
    return [undefined if code == "----" else chr(int(code, 16)) for code in codes]


@given(gsm_texts)
def test_a_text_of_the_alphabet_comes_back(text):
    encoded = alphabet.encode(text)
    assert encoded is not None
    assert alphabet.decode(encoded) == text


@pytest.mark.parametrize("pair", national.CHOICES, ids=str)
def test_every_character_of_a_language_comes_back(pair):
    text = letters(*pair)
    encoded = alphabet.encode(text, *pair)
    assert encoded is not None
    assert alphabet.decode(encoded, *pair) == text


@given(septets, languages, languages)
def test_decoding_never_fails_and_encoding_it_decodes_the_same(row, locking, single):
    text = alphabet.decode(row, locking, single)
    if national.GAP not in text:
        known = locking if locking in national.LOCKING else 0, single if single in national.SINGLE else 0
        again = alphabet.encode(text, *known)
        assert again is not None
        assert alphabet.decode(again, *known) == text


@given(septets, st.integers(0, 6))
def test_septets_come_back_from_octets(row, fill):
    packed = octets.pack(row, fill)
    assert len(packed) == (7 * len(row) + fill + 7) // 8
    assert octets.unpack(packed, len(row), fill) == row


def test_the_packing_is_the_one_of_the_standard():
    assert octets.pack(b"hellohello").hex() == "e8329bfd4697d9ec37"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("611B", "a"),  # nothing follows the escape
        ("611B1B62", "a b"),
        ("1B1B", " "),
        ("1B1B1B65", " €"),
        ("1B1B1B", " "),
        ("1B1B1B1B", "  "),
        ("1B41", "A"),  # not in the extension table
        ("1B0D", "\r"),
        ("1B0A", "\f"),
        ("005F60", "@§¿"),
        ("", ""),
    ],
)
def test_escapes_are_read_as_the_standard_says(row, text):
    assert alphabet.decode(bytes.fromhex(row)) == text


@pytest.mark.parametrize(("language", "escaped"), [(2, "á"), (1, "a"), (200, "a")])
def test_an_escaped_letter_is_that_of_the_language_or_the_plain_one(language, escaped):
    assert alphabet.decode(b"\x1ba", 0, language) == escaped


def test_an_undefined_extension_is_the_letter_of_the_locking_table():
    assert alphabet.decode(b"\x1b\x07", 1, 1) == "ı"


@pytest.mark.parametrize("char", ["ç", "`", "Á", "\x1b", "😀", "\u00a0", national.GAP, "\t"])
def test_what_the_alphabet_lacks_cannot_be_encoded(char):
    assert alphabet.encode(f"a{char}") is None
    assert alphabet.missing(f"a{char}b") == char


def test_nothing_is_missing_from_a_plain_text():
    assert alphabet.missing("a€") is None


@pytest.mark.parametrize("language", national.LOCKING)
def test_a_locking_table_is_whole(language):
    table = national.LOCKING[language]
    assert len(table) == 128
    assert table[0x0A] + table[0x0D] + table[0x1B] + table[0x20] == "\n\r\x1b "
    assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    assert table[0x30:0x3C] == "0123456789:;"
    kept = table.replace(national.GAP, "")
    assert len(set(kept)) == len(kept), "a character stands twice"


@pytest.mark.parametrize("language", national.SINGLE)
def test_a_single_shift_table_keeps_the_extension(language):
    table = national.SINGLE[language]
    assert not {0x0D, 0x1B} & set(table)  # kept free for control
    for code, char in national.SINGLE[0].items():
        assert table[code] == char


@pytest.mark.parametrize(("language", "script"), INDIC.items())
def test_the_letters_of_a_script_are_letters_of_that_script(language, script):
    tables = set(national.LOCKING[language]) | set(national.SINGLE[language].values())
    own = {
        char for char in tables if ord(char) > 0x2FF and char not in {"€", national.GAP, *"।॥", *"ΔΦΓΛΩΠΨΣΘΞ"}
    }
    assert len(own) > 60
    for char in own:
        name = unicodedata.name(char)
        assert script in name, name


@pytest.mark.parametrize("language", national.LOCKING)
def test_a_locking_table_is_the_one_of_the_standard(language):
    assert list(national.LOCKING[language]) == listed("locking", language, undefined=national.GAP)


@pytest.mark.parametrize("language", national.SINGLE)
def test_a_single_shift_table_is_the_one_of_the_standard(language):
    table = [national.SINGLE[language].get(code) for code in range(128)]
    assert table == listed("single", language, undefined=None)


def test_every_listed_table_is_there():
    assert {int(language) for language in NATIONAL["locking"]} == set(national.LOCKING)
    assert {int(language) for language in NATIONAL["single"]} == set(national.SINGLE)


def test_a_comma_is_a_comma_in_hindi_and_urdu():
    """Codecs disagree here; the tables A.3.6 and A.3.13 have it at 0x2C."""
    assert national.LOCKING[6][0x2C] == national.LOCKING[13][0x2C] == ","


def test_spanish_has_no_locking_table():
    assert 2 not in national.LOCKING
    assert alphabet.decode(b"\x07", 2) == "ì"
