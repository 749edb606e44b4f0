"""What the scanner and the rules of tone catch, by corpus. The floors are the figures that were measured.

`tuning` and `heldout` are the halves, drawn by lot, of texts written before any pattern; no pattern was made
from a text of `heldout`, but both have one author, so the figures flatter. `further` came later, in four lots
of fresh wording, each run once before anything was changed: of the texts to refuse 130 of 138, 100 of 107,
71 of 83 and 50 of 54 were refused or held; of the ordinary ones 131 of 135, 117 of 123, 95 of 100 and 56 of
62 passed, and 0, 1, 3 and 1 were refused. So about nine in ten fresh sensitive texts are caught, and about
nineteen in twenty fresh ordinary ones pass. Then patterns were made from them, so today's figures of
`further` flatter most.

`later` was written without a look at the lists, and its even lines are read as figures only. Run once before
anything was changed, of the 60 to refuse 29 of the odd and 30 of the even lines were refused or held; of the
60 ordinary ones 29 and 30 passed, and one was refused. It names no year, so dates are not judged.

`autumn` and `autumn_unseen` are the halves, drawn by lot, of texts written without a look at the lists; their
`deny` is all that must be refused or held, by whatever clause. When first run, 41 of 41 and 40 of 42 were
refused or held, and all 41 ordinary ones of each passed. `autumn_unseen` is read here only, as figures. Three
lots of fresh texts by the same hand were then tuned on: of those to refuse 107 of 123, 76 of 100 and 84 of 90
were refused or held at first, of the ordinary ones 88 of 90, 79 of 80 and 73 of 75 passed.
"""

import pytest

from tests.policy.wordings import outcomes, texts

CORPORA = ["heldout", "tuning", "further", "later", "autumn", "autumn_unseen"]
WITH_DOUBTS = CORPORA[:3]  # these have a list of texts to hold


@pytest.mark.parametrize(
    ("corpus", "refused", "caught"),
    [
        ("heldout", 85, 86),
        ("tuning", 86, 87),
        ("further", 377, 387),
        ("later", 56, 60),
        ("autumn", 36, 41),
        ("autumn_unseen", 38, 41),
    ],
)
def test_2_2_sensitive_texts_are_refused_or_held_as_often_as_was_measured(
    corpus: str, refused: int, caught: int
) -> None:
    found = outcomes(corpus, "deny")
    assert found["DENY"] >= refused
    assert found["DENY"] + found["HOLD"] >= caught
    assert caught / found.total() >= 0.95


@pytest.mark.parametrize(("corpus", "caught"), [("heldout", 29), ("tuning", 30), ("further", 25)])
def test_2_2_texts_in_doubt_do_not_pass(corpus: str, caught: int) -> None:
    found = outcomes(corpus, "hold")
    assert found["HOLD"] + found["DENY"] >= caught
    assert found["HOLD"] > found["DENY"]


@pytest.mark.parametrize(
    ("corpus", "passed"),
    [
        ("heldout", 99),
        ("tuning", 101),
        ("further", 417),
        ("later", 60),
        ("autumn", 41),
        ("autumn_unseen", 41),
    ],
)
def test_ordinary_school_texts_pass(corpus: str, passed: int) -> None:
    found = outcomes(corpus, "allow")
    assert found["ALLOW"] >= passed
    assert found["DENY"] == 0
    assert passed / found.total() >= 0.95


def test_no_text_is_in_two_corpora() -> None:
    kinds = {
        corpus: ("deny", "hold", "allow") if corpus in WITH_DOUBTS else ("deny", "allow")
        for corpus in CORPORA
    }
    every = [text for corpus in CORPORA for kind in kinds[corpus] for text in texts(corpus, kind)]
    assert len(every) == len(set(every))
