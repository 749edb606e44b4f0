"""May we send? The organisation's SMS policy as pure functions: no I/O, no clock, no task."""

from policy.decide import batch_needs_approval, decide
from policy.facts import (
    Consent,
    Draft,
    Facts,
    Kind,
    RecipientFacts,
    SecondPerson,
    SenderFacts,
    Stage,
    TemplateFacts,
    TemplateRef,
)
from policy.matching import Match, match
from policy.numbers import Number, canonical, normalise
from policy.optout import Classification, Classifier, Tier, is_firm
from policy.rules import RULES, Rule
from policy.settings import PolicyFileError, PolicySettings
from policy.templates import Rendered, check_template, compose, render
from policy.verdict import Code, Decision, Outcome, Reason

__all__ = [
    "RULES",
    "Classification",
    "Classifier",
    "Code",
    "Consent",
    "Decision",
    "Draft",
    "Facts",
    "Kind",
    "Match",
    "Number",
    "Outcome",
    "PolicyFileError",
    "PolicySettings",
    "Reason",
    "RecipientFacts",
    "Rendered",
    "Rule",
    "SecondPerson",
    "SenderFacts",
    "Stage",
    "TemplateFacts",
    "TemplateRef",
    "Tier",
    "batch_needs_approval",
    "canonical",
    "check_template",
    "compose",
    "decide",
    "is_firm",
    "match",
    "normalise",
    "render",
]
