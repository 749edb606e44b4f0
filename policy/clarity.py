"""Whether a text can be true: no placeholder left, dates that exist and lie ahead, times in order (5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from policy.content.scanner import Finding
from policy.dates import date_faults, reversed_times
from policy.verdict import Code, Reason

_DIGIT: Final = re.compile("[0-9]")
_SIGNS: Final = re.compile(r"[{<\[%$]|__|xx|XX|[dD]{2}/")  # without which there is none
_PLACEHOLDER: Final = re.compile(
    r"\{\{?[^{}\n]{0,40}\}?\}|<<?[a-z][a-z_ ]{1,30}>?>|\[[a-z][a-z_ ']{1,30}\]|%[a-z_]{2,30}%|\$\{|_{3,}"
    r"|\bxx+[:/.]xx+|\bdd/mm(?:/yy(?:yy)?)?\b",
    re.IGNORECASE,
)


def judge_clarity(text: str, today: date | None) -> Iterator[Finding]:
    """Yield what cannot be meant in a cleaned text; without `today` no date is judged."""
    if _SIGNS.search(text) and (found := _PLACEHOLDER.search(text)):
        yield _finding("a placeholder that was not filled", found[0])
    if not _DIGIT.search(text):
        return
    if today is not None:
        for fault, words in date_faults(text, today):
            yield _finding(fault, words)
    for words in reversed_times(text):
        yield _finding("times in the wrong order", words)


def _finding(fault: str, words: str) -> Finding:
    reason = Reason(
        code=Code.TONE_REJECTED, clause="5.1", message=f"the text has {fault}: put it right", field="text"
    )
    return Finding(reason, words)
