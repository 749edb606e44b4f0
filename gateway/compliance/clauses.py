"""The clauses in a month: the register, beside what the audit log says of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from gateway.compliance import findings
from gateway.records.compliance import ClauseStatus, Finding
from gateway.store.monthly import Line
from policy.clauses import Clause, register

_DECIDED: Final = ("ALLOW", "HOLD", "DENY")


class Cited:
    """The audit entries of a month, grouped: who did what, with what outcome, by which clauses."""

    def __init__(self, rows: Sequence[Line]) -> None:
        self.rows = rows
        self.total = sum(row.many for row in rows)
        self._clauses = [frozenset(json.loads(row.clauses)) for row in rows]

    def count(
        self, *, action: str | None = None, outcome: str | None = None, clause: str | None = None
    ) -> int:
        """Return how many entries there are of these."""
        return sum(
            row.many
            for row, cited in zip(self.rows, self._clauses, strict=True)
            if (action is None or row.action == action)
            and (outcome is None or row.outcome == outcome)
            and (clause is None or clause in cited)
        )

    def last(self, clause: str, *, asked: bool) -> datetime | None:
        """Return when a clause was last cited or, if its rules are `asked`, when anything was decided."""
        return max(
            (
                row.last
                for row, cited in zip(self.rows, self._clauses, strict=True)
                if clause in cited or (asked and row.outcome in _DECIDED)
            ),
            default=None,
        )

    @property
    def decisions(self) -> int:
        """How many times the policy was asked about a message: its outcomes are its own."""
        return sum(self.count(outcome=each) for each in _DECIDED)


def clauses(cited: Cited, found: Iterable[Finding]) -> tuple[ClauseStatus, ...]:
    """Return every clause of the register, in its order."""
    of_clause: dict[str, list[Finding]] = {}
    for each in found:
        of_clause.setdefault(each.clause, []).append(each)
    return tuple(_status(clause, cited, tuple(of_clause.get(clause.number, ()))) for clause in register())


def _status(clause: Clause, cited: Cited, found: tuple[Finding, ...]) -> ClauseStatus:
    number = clause.number
    return ClauseStatus(
        number=number,
        says=clause.says,
        state=findings.worst(found),
        asked=cited.decisions if clause.rules else 0,
        denied=cited.count(outcome="DENY", clause=number),
        held=cited.count(outcome="HOLD", clause=number),
        entries=cited.count(clause=number),
        enforced_by=(*clause.rules, *clause.parts),
        tests=len(clause.tests),
        missing=clause.missing,
        findings=found,
    )
