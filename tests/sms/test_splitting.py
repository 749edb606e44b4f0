"""Splitting and joining."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sms import (
    Address,
    Alphabet,
    Coding,
    Deliver,
    PduError,
    UserData,
    decode_submit,
    join,
    split,
    submits,
)
from tests.sms.strategies import any_texts, national_texts

PARENT = Address.parse("+447700900123")
LIMITS = {  # (alphabet, wide): units alone, units in a part
    (Alphabet.GSM7, False): (160, 153),
    (Alphabet.GSM7, True): (160, 152),
    (Alphabet.UCS2, False): (70, 67),
    (Alphabet.UCS2, True): (70, 66),
}
EXTENDED = "\\~[]{}^|€"


def sizes(found):
    return [len(part) // (2 if found.alphabet is Alphabet.UCS2 else 1) for part in found.parts]


@given(any_texts, st.booleans(), st.randoms(use_true_random=False))
def test_parts_join_to_the_text_in_any_order_and_however_often(text, wide, random):
    parts = [
        decode_submit(part.encode())
        for part in submits(text, PARENT, reference=random.randrange(70000), wide=wide)
    ]
    shuffled = parts + random.choices(parts, k=3)
    random.shuffle(shuffled)
    assert join(shuffled) == text


@given(any_texts, st.booleans())
def test_parts_are_within_their_limits_and_full(text, wide):
    found = split(text, wide=wide)
    alone, each = LIMITS[found.alphabet, wide]
    if found.locking or found.single:
        extra = 3 * (bool(found.locking) + bool(found.single))
        alone, each = (139 - extra) * 8 // 7, (134 - wide - extra) * 8 // 7
    lengths = sizes(found)
    assert sum(lengths) == found.units
    if len(lengths) == 1:
        assert lengths[0] <= alone
    else:
        assert found.units > alone
        assert max(lengths) <= each
        assert min(lengths[:-1]) >= each - 1
        assert lengths[-1] > 0


@given(any_texts, st.booleans())
def test_no_pair_is_cut(text, wide):
    found = split(text, wide=wide)
    for part in found.parts:
        if found.alphabet is Alphabet.UCS2:
            part.decode("utf-16-be")  # strict
        else:
            assert not part.endswith(b"\x1b")


@given(any_texts, st.booleans())
def test_each_part_is_numbered_where_there_are_several(text, wide):
    parts = submits(text, PARENT, reference=0x1234, wide=wide)
    concats = [part.concat for part in parts]
    if len(parts) == 1:
        assert concats == [None]
    else:
        reference = 0x1234 if wide else 0x34
        expected = [(reference, len(parts), number, wide) for number in range(1, len(parts) + 1)]
        assert [(c.reference, c.total, c.number, c.wide) for c in concats] == expected


@given(national_texts)
def test_a_language_is_only_used_where_it_saves_parts(text):
    found = split(text)
    if found.locking or found.single:
        assert found.forced_by is None
        units = len(text.encode("utf-16-be")) // 2
        assert len(found.parts) < (1 if units <= 70 else -(-units // 67))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0]),
        ("1" * 160, [160]),
        ("1" * 142 + EXTENDED, [160]),
        ("1" * 161, [153, 8]),
        ("[" + "1" * 159, [153, 8]),
        ("1" * 151 + "[" + "1" * 8, [153, 8]),
        ("1" * 152 + "]" + "1" * 7, [152, 9]),  # the pair goes to part 2
        ("1" * 306, [153, 153]),
        ("1" * 307, [153, 153, 1]),
        ("Ж" * 70, [70]),
        ("Ж" * 71, [67, 4]),
        ("😀" * 35, [70]),
        ("😀" * 35 + "a", [66, 5]),
        ("Ж" * 66 + "😀" + "Ж" * 3, [66, 5]),
    ],
)
def test_texts_are_cut_where_they_must_be(text, expected):
    assert sizes(split(text)) == expected


def test_a_wide_reference_takes_room():
    assert sizes(split("1" * 161, wide=True)) == [152, 9]
    assert sizes(split("Ж" * 71, wide=True)) == [66, 5]


@pytest.mark.parametrize(
    ("text", "alphabet", "forced_by", "units"),
    [
        ("Hello €", Alphabet.GSM7, None, 8),
        ("naïve ça", Alphabet.UCS2, "ï", 8),
        ("`x`", Alphabet.UCS2, "`", 3),
        ("ok 😀", Alphabet.UCS2, "😀", 5),
        ("ğ", Alphabet.UCS2, "ğ", 1),  # one part either way: the form that every phone reads
    ],
)
def test_the_character_that_forces_ucs2_is_named(text, alphabet, forced_by, units):
    found = split(text)
    assert (found.alphabet, found.forced_by, found.units) == (alphabet, forced_by, units)


@pytest.mark.parametrize(
    ("text", "locking", "single", "parts"),
    [
        ("Öğrenci yarın okula gelmeyecek. " * 4, 0, 1, 1),
        ("ığşĞŞİ" * 25, 1, 0, 1),
        ("¿Mañana no habrá clase? Sí. " * 4, 0, 2, 1),
        ("Amanhã não há aulas; é feriado, avó! " * 3, 0, 3, 1),
        ("कल विद्यालय बंद रहेगा। " * 5, 6, 6, 1),
        ("کل اسکول بند رہے گا۔ " * 5, 13, 13, 1),
    ],
)
def test_languages_with_tables_take_fewer_parts(text, locking, single, parts):
    found = split(text)
    assert (found.alphabet, found.locking, found.single) == (Alphabet.GSM7, locking, single)
    assert len(found.parts) == parts
    assert join(submits(text, PARENT, reference=1)) == text


def test_more_than_255_parts_are_refused():
    assert len(split("1" * 153 * 255).parts) == 255
    with pytest.raises(PduError, match="256 parts"):
        split("1" * (153 * 255 + 1))


def test_half_a_surrogate_pair_is_refused_with_its_place():
    with pytest.raises(PduError, match="character 3 is half"):
        split("ok\ud83d")


def test_a_submit_carries_what_was_asked():
    (part,) = submits(
        "Hi", PARENT, reference=5, status_report=False, validity=timedelta(hours=5), message_class=0
    )
    assert part.encode().hex() == "0011000c9144770009103200103b02c834"
    (plain,) = submits("Hi", PARENT, reference=5)
    assert (plain.status_report, plain.validity, plain.message_class) == (True, None, None)


def test_a_missing_part_leaves_the_others_as_they_are():
    parts = submits("1" * 152 + "]" + "2" * 151 + "€" + "3" * 10, PARENT, reference=1)
    assert [part.text for part in parts[::2]] == ["1" * 152, "€" + "3" * 10]
    assert join(parts[::2]) == "1" * 152 + "€" + "3" * 10


def concatenated(number, coding, content):
    data = UserData(Coding(coding), content, bytes((0, 3, 1, 3, number)))
    return Deliver(data=data, sender=PARENT, stamp=bytes(7))


def test_an_escape_is_not_completed_across_a_gap():
    """Part 2 is missing: the escape at the end of part 1 is not that of part 3."""
    assert join([concatenated(3, 0, b"e"), concatenated(1, 0, b"a\x1b")]) == "ae"
    assert join([concatenated(2, 0, b"e"), concatenated(1, 0, b"a\x1b")]) == "a€"


def test_parts_in_different_alphabets_are_read_each_in_its_own():
    assert join([concatenated(1, 0, b"a"), concatenated(2, 8, "Ж".encode("utf-16-be"))]) == "aЖ"


def test_binary_parts_have_no_text():
    assert join([concatenated(1, 4, b"a"), concatenated(2, 0, b"b")]) == "b"
    assert join([]) == ""
