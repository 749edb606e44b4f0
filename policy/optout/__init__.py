"""What a reply means: an opt-out, perhaps one, START, HELP, or a message (clauses 6.1, 6.2)."""

from policy.optout.classifier import Classification, Classifier, Tier, is_firm
from policy.optout.lexicon import Language, parse_language, shipped_languages

__all__ = [
    "Classification",
    "Classifier",
    "Language",
    "Tier",
    "is_firm",
    "parse_language",
    "shipped_languages",
]
