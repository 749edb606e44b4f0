"""What the scanner and the rules of tone catch, by corpus. The floors are the figures that were measured.

`tuning` and `heldout` are the halves, drawn by lot, of texts written before any pattern; no pattern was made
from a text of `heldout`, but both have one author, so the figures flatter. `further` came later, in two lots
of fresh wording: when each was first run, 130 of 138 and 100 of 107 texts to refuse were refused or held,
131 of 135 and 117 of 123 ordinary ones passed, and one ordinary one was refused. Then patterns were made from
them, so today's figures of `further` flatter most.
"""

import pytest

from tests.policy.wordings import outcomes, texts

CORPORA = ["heldout", "tuning", "further"]


@pytest.mark.parametrize(
    ("corpus", "refused", "caught"), [("heldout", 85, 86), ("tuning", 86, 87), ("further", 242, 245)]
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


@pytest.mark.parametrize(("corpus", "passed"), [("heldout", 99), ("tuning", 100), ("further", 256)])
def test_ordinary_school_texts_pass(corpus: str, passed: int) -> None:
    found = outcomes(corpus, "allow")
    assert found["ALLOW"] >= passed
    assert found["DENY"] == 0
    assert passed / found.total() >= 0.95


def test_no_text_is_in_two_corpora() -> None:
    every = [text for corpus in CORPORA for kind in ("deny", "hold", "allow") for text in texts(corpus, kind)]
    assert len(every) == len(set(every))
