"""The one question: may this be sent, now, as far as is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Kind, Stage
from policy.rules import RULES, Rule
from policy.settings import PolicySettings
from policy.verdict import Decision

_ASKED: Final[Mapping[tuple[Kind, Stage], tuple[Rule, ...]]] = {
    (kind, stage): tuple(rule for rule in RULES if kind in rule.kinds and stage in rule.stages)
    for kind in Kind
    for stage in Stage
}


def decide(draft: Draft, facts: Facts, now: datetime) -> Decision:
    """Ask every rule that concerns this kind of message at this stage; collect all reasons.

    Pure: the same question on the same facts has the same answer. `now` is aware.
    """
    asked = _ASKED[draft.kind, draft.stage]
    return Decision(tuple(reason for rule in asked for reason in rule.check(draft, facts, now)))


def batch_needs_approval(recipients: int, settings: PolicySettings, *, urgent: bool) -> bool:
    """3.3: so many recipients need a second person, unless the template was approved as urgent."""
    return recipients > settings.bulk_above and not urgent
