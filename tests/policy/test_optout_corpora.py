"""What the classifier catches, by corpus. The floors are the figures that were measured.

The held-out half was written before any pattern and is read here only, as figures: when it was first run,
232 of its 244 opt-outs were caught (166 at once, 66 held), 9 of its 353 ordinary replies were held and none
opted out. No pattern was made from a reply in it. `further` holds what was thought of while patterns were
made, so its figures flatter. `later` was written without a look at the lists and is read as figures only:
38 of its 40 opt-outs were caught (24 at once), and none of its 40 ordinary replies was held or opted out.
`autumn` and `autumn_unseen` are the halves, drawn by lot, of replies written without a look at the lists but
for those that another corpus has. When first run, 54 of the 56 opt-outs of each were caught (18 and 25 at
once), and 1 and 2 of their 62 ordinary replies were held. `autumn_unseen` is read here only, as figures. More
than a thousand other replies were written for tuning since, by the same hand, so its figures flatter now.
"""

import random

import pytest

from policy import Tier
from tests.policy.optouts import replies, tier, tiers

CORPORA = ["heldout", "tuning", "further", "later", "autumn", "autumn_unseen"]


@pytest.mark.parametrize(
    ("corpus", "at_once", "caught"),
    [
        ("heldout", 167, 237),
        ("tuning", 216, 353),
        ("further", 193, 619),
        ("later", 24, 39),
        ("autumn", 18, 56),
        ("autumn_unseen", 26, 56),
    ],
)
def test_opt_outs_are_obeyed_or_held_as_often_as_was_measured(corpus: str, at_once: int, caught: int) -> None:
    found = tiers(corpus, "optouts")
    assert found[Tier.ACT] >= at_once
    assert found[Tier.ACT] + found[Tier.HOLD] >= caught


@pytest.mark.parametrize(
    ("corpus", "held"),
    [("heldout", 5), ("tuning", 0), ("further", 10), ("later", 0), ("autumn", 0), ("autumn_unseen", 2)],
)
def test_few_ordinary_replies_are_held_and_none_opts_out(corpus: str, held: int) -> None:
    found = tiers(corpus, "ordinary")
    assert found[Tier.ACT] == 0
    assert found[Tier.HOLD] <= held


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize(
    "decorate", [str.upper, str.lower, str.title, "{}!".format, "{} thanks".format, " {} .".format]
)
def test_no_ordinary_reply_opts_out_when_it_is_written_otherwise(corpus: str, decorate: type[str]) -> None:
    assert [1 for reply in replies(corpus, "ordinary") if tier(decorate(reply)) is Tier.ACT] == []


@pytest.mark.parametrize("size", [153, 67])  # characters in a part: GSM and UCS-2
def test_no_full_part_of_a_long_ordinary_reply_opts_out(size: int) -> None:
    """The last part may be one word, and a lone "stop" is a STOP whatever came before it."""
    seed = 20241108
    shuffled = random.Random(seed)
    ordinary = [reply for corpus in CORPORA for reply in replies(corpus, "ordinary")]
    for _ in range(200):
        text = ". ".join(shuffled.sample(ordinary, 8))
        parts = [text[at : at + size] for at in range(0, len(text) - size + 1, size)]
        assert [part for part in parts if tier(part) is Tier.ACT] == [], f"seed {seed}"
