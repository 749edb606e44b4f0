"""2.2: what a disguise hides is read; what only looks like one is left alone."""

from __future__ import annotations

import pytest

from policy.content.reading import LONGEST, cleaned, read
from tests.policy.wordings import judged, outcome


@pytest.mark.parametrize(
    "text",
    [
        "Your son was excluded today.",
        "YOUR SON WAS EXCLUDED TODAY.",
        "your son was excluded today",
        "Your s\u200bon was ex\u200bcluded today.",
        "Your son was e.x.c.l.u.d.e.d today.",
        "Your son was e x c l u d e d today.",
        "Your son was e-x-c-l-u-d-e-d today.",
        "Your son was exc1uded today.",
        "Y0ur s0n was exclud3d today.",
        "Your son was excl\u00faded today.",
        "Yоur sоn was ехсluded today.",
        "Ｙｏｕｒ ｓｏｎ ｗａｓ ｅｘｃｌｕｄｅｄ．",
        "Your son was exxxcluded today.",
        "Your son was\u00a0excluded\ntoday.",
        "Your son was “excluded” today.",
        "Your son was 𝐞𝐱𝐜𝐥𝐮𝐝𝐞𝐝 today.",
    ],
)
def test_2_2_a_disguised_word_is_found(text: str) -> None:
    assert ("7.1", "DENY") in {(f.reason.clause, f.reason.outcome.value) for f in judged(text)}


def test_words_have_their_place_in_the_text() -> None:
    reading = read(cleaned("Bella's bus is late. It's at 5:30pm, for £4.50 - see us."))
    assert reading.words[:6] == ["bella", "bus", "is", "late", ".", "it"]
    assert reading.owners == {0, 5}
    assert [reading.shown(at, at + 1) for at in (0, 3)] == ["Bella's", "late"]
    assert reading.shown(0, 4) == "Bella's bus is late"
    assert "£" in reading.words
    assert "4.50" in reading.words


def test_a_text_in_another_language_is_read_as_it_is() -> None:
    assert outcome("Школа не работает завтра.") == "ALLOW"
    assert outcome("Mae'r ysgol ar gau yfory. Gwisgwch gôt os gwelwch yn dda.") == "ALLOW"
    assert outcome("Szkoła będzie jutro zamknięta z powodu śniegu.") == "ALLOW"


@pytest.mark.parametrize("text", ["a" * (LONGEST + 1), "ﷺ" * 612])
def test_5_1_a_text_that_is_too_long_to_read_is_refused(text: str) -> None:
    assert [finding.reason.code.value for finding in judged(text)] == ["TOO_LONG"]


def test_the_longest_text_is_read_to_its_end() -> None:
    text = "Please come. " * 150
    assert outcome((text + "Your son was excluded.")[-LONGEST:]) == "DENY"
