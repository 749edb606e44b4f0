"""What a reply means: an opt-out, perhaps one, START, HELP, or a message (clauses 6.1, 6.2)."""

from policy.optout.classifier import Classification, Classifier, Tier

__all__ = ["Classification", "Classifier", "Tier"]
