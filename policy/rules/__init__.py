"""The clauses as rules. A new clause is a new `Rule` in one of these tuples."""

from typing import Final

from policy.rules import (
    authority,
    break_glass,
    content,
    free_text,
    limits,
    purpose,
    recipient,
    review,
    standing,
    wording,
)
from policy.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    standing.RULES
    + authority.RULES
    + review.RULES
    + purpose.RULES
    + recipient.RULES
    + break_glass.RULES
    + content.RULES
    + free_text.RULES
    + wording.RULES
    + limits.RULES
)

__all__ = ["RULES", "Rule"]
