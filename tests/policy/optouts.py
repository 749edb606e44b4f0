"""What the tests of the opt-out classifier share."""

from collections import Counter
from functools import cache
from pathlib import Path

from policy import Classifier, PolicySettings, Tier

_CORPORA = Path(__file__).parent / "corpora"


@cache
def classifier() -> Classifier:
    return Classifier(PolicySettings.load())


def tier(text: str) -> Tier:
    return classifier().classify(text).tier


def replies(corpus: str, kind: str) -> list[str]:
    text = (_CORPORA / corpus / f"{kind}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line.strip()]


def tiers(corpus: str, kind: str) -> Counter[Tier]:
    return Counter(tier(reply) for reply in replies(corpus, kind))
