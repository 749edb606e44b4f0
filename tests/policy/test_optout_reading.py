import pytest

from policy.optout.characters import plain, tidy
from policy.optout.phrases import EDGE, NUMBER
from policy.optout.reading import words_of
from policy.optout.spelling import Speller, slips


def words(text: str) -> list[str]:
    return [word for word in words_of(text) if word != EDGE]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＳＴＯＰ", "stop"),
        ("s\u200bt\u200do\u2060p", "stop"),
        ("\u202eSTOP\u202c", "stop"),
        ("st\u00adop", "stop"),
        ("“stop”", '"stop"'),
        ("don’t", "don't"),
        ("stop\u00a0it\u2003now\u3000", "stop it now "),
        ("a\u2028b", "a\nb"),
        ("tab\tand\x07bell", "tab and bell"),
        ("ꜱᴛᴏᴘ", "stop"),
        ("𝐒𝐓𝐎𝐏", "stop"),
        ("Ⓢⓣⓞⓟ", "stop"),
        ("🆂🆃🅾🅿", "stop"),
        ("🅂🅃🄾🄿", "stop"),
        ("🇸🇹🇴🇵", "stop"),
        ("stop 🇬🇧", "stop  "),
        ("s̶t̶o̶p̶", "stop"),
        ("S⃣T⃣O⃣P⃣", "stop"),
        ("ST\u3164OP", "stop"),
        ("não łódź ıssız", "nao lodz issiz"),
        ("إيقاف", "ايقاف"),
        ("مُزْعِج", "مزعج"),
        ("میسج نہ کریں", "ميسج نه كريں"),
        ("別發訊息給我", "别发讯息给我"),
        ("मैसेज", "मैसेज"),
    ],
)
def test_what_looks_or_means_the_same_is_spelt_the_same(written: str, read: str) -> None:
    assert plain(tidy(written)) == read


def test_a_very_long_text_is_read_at_its_two_ends() -> None:
    read = tidy("begin " + "x" * 10_000 + " end")
    assert len(read) < 1_100
    assert read.startswith("begin")
    assert read.endswith("end")


def test_a_ligature_cannot_make_a_text_long() -> None:
    assert len(tidy("\ufdfa" * 1_000)) < 1_100


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", []),
        ("Don't, please!", ["dont", "please"]),
        ("s t o p", ["stop"]),
        ("S.T.O.P. please", ["stop", "please"]),
        ("s-t_o p texting", ["stop", "texting"]),
        ("I m 5", ["im5"]),
        ("a b here", ["a", "b", "here"]),
        ("at 5.30", ["at", "5", "30"]),
        ("*STOP*", ["stop"]),
        ("'stop'", ["stop"]),
        ("f*** off", ["fuck", "off"]),
        ("f**king texts", ["fucking", "texts"]),
        ("call +447700900123", ["call", NUMBER]),
        ("不要发", ["不", "要", "发"]),
        ("stop🛑now👍", ["stop", "🛑", "now"]),
        ("$top", ["top"]),
        ("a@b #1", ["ab", "1"]),
        ("ਨਾ ਭੇਜੋ।", ["ਨਾ", "ਭੇਜੋ"]),
        ("+", []),
    ],
)
def test_a_text_becomes_words(written: str, read: list[str]) -> None:
    assert words(written) == read


def test_sentences_have_edges() -> None:
    assert words_of("Stop. Now - please\nSam") == [".", "stop", ".", "now", ".", "please", ".", "sam", "."]
    assert words_of("well-known") == [".", "well", "known", "."]
    assert words_of("s.t.o.p.now") == [".", "stop", ".", "now", "."]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("stop", "stop"),
        ("5t0p", "stop"),
        ("$top", "stop"),
        ("s7op", "stop"),
        ("stooop", "stop"),
        ("sstopp", "stop"),
        ("tsop", "stop"),
        ("stpo", "stop"),
        ("dtop", "stop"),
        ("stoo", "stop"),
        ("stoip", "stop"),
        ("stp", "stop"),
        ("ѕтор", "stop"),
        ("stοp", "stop"),
        ("unsubcribe", "unsubscribe"),
        ("unsubscrbie", "unsubscribe"),
        ("textttt", "text"),
        ("noooo", "no"),
        ("shop", "shop"),
        ("step", "step"),
        ("top", "top"),
        ("не", "не"),
        ("12345", "12345"),
        ("bus", "bus"),
    ],
)
def test_a_disguised_or_mistyped_word_is_found_and_a_real_one_left(typed: str, word: str) -> None:
    speller = Speller(
        ["stop", "unsubscribe", "text", "no", "he"], ["stop", "unsubscribe"], ["shop", "step", "top"]
    )
    assert speller.spell(typed) == word


def test_a_slip_is_one_key_away() -> None:
    made = set(slips("stop"))
    assert {"sto", "tsop", "dtop", "stoip"} <= made
    assert "step" not in made
    assert "shop" not in made
