"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policy.facts import Draft, Facts, Kind, Stage
from policy.verdict import Code, Reason

Check = Callable[[Draft, Facts, datetime], Iterable[Reason]]

EVERY_STAGE: Final = frozenset(Stage)
EVERY_KIND: Final = frozenset(Kind)
MESSAGES: Final = frozenset({Kind.MESSAGE, Kind.BREAK_GLASS, Kind.CONSENT_REQUEST})  # what people send
CONSENTED: Final = frozenset({Kind.MESSAGE, Kind.BREAK_GLASS})
ASKING: Final = frozenset({Kind.CONSENT_REQUEST})


@dataclass(frozen=True, slots=True)
class Rule:
    """One clause as a pure function: it answers with the reasons that it has against a draft.

    `codes` lists every code it may answer with. The gateway's own replies are asked only what `kinds` names.
    """

    check: Check
    clauses: tuple[str, ...]
    codes: tuple[Code, ...]
    kinds: frozenset[Kind] = MESSAGES
    stages: frozenset[Stage] = EVERY_STAGE

    @property
    def name(self) -> str:
        """The function's name, for people who look for it."""
        return self.check.__name__
