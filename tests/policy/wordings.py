"""What the tests of content and tone share."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from policy import Outcome
from policy.content import Finding
from policy.wording import judge_wording
from tests.policy.cases import SETTINGS

_CORPORA = Path(__file__).parent / "corpora" / "content"
TODAY = date(2026, 11, 26)  # a Thursday
_SEVERITY = [Outcome.ALLOW, Outcome.HOLD, Outcome.DENY]


def judged(text: str, today: date | None = TODAY) -> tuple[Finding, ...]:
    return judge_wording(text, SETTINGS, today)


def outcome(text: str, today: date | None = TODAY) -> Outcome:
    found = (finding.reason.outcome for finding in judged(text, today))
    return max(found, key=_SEVERITY.index, default=Outcome.ALLOW)


def clauses(text: str) -> set[tuple[str, str]]:
    """Return (clause, outcome) of each finding."""
    return {(finding.reason.clause, finding.reason.outcome.value) for finding in judged(text)}


def texts(corpus: str, kind: str) -> list[str]:
    text = (_CORPORA / corpus / f"{kind}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line.strip()]


def outcomes(corpus: str, kind: str) -> Counter[str]:
    today = None if corpus == "later" else TODAY  # it was written for no day
    return Counter(outcome(text, today).value for text in texts(corpus, kind))
