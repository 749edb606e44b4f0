"""The dry run of a batch: what each recipient would come to, how long all of it takes; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from gateway.batch_groups import expanded, single
from gateway.batches import refuse_used
from gateway.forecast import Forecasts
from gateway.outbound import Outbound
from gateway.records import BatchForeseen, BatchReport, BatchRequest, Caller
from policy import Code, Decision, Outcome

_RUN: Final = 20  # recipients in one reading: others are let in between


@dataclass(frozen=True, slots=True)
class BatchChecks:
    """What would become of many messages."""

    outbound: Outbound
    forecasts: Forecasts

    async def check(self, caller: Caller, request: BatchRequest) -> BatchReport:
        """Say what a batch would come to. Caps count for each recipient as if it were the first.

        Raises `Conflict` for a reference that the key has used, `Invalid` for a group that there is not.
        """
        database, desk = self.outbound.database, self.outbound.desk
        request = await expanded(database, self.outbound.keyring, desk.settings, request)
        await database.read(lambda c: refuse_used(c, caller, request.recipients, 0))
        lines: list[BatchForeseen] = []
        for start in range(0, len(request.recipients), _RUN):
            lines += await database.read(partial(self._foreseen, caller=caller, request=request, start=start))
        accepted = [line for line in lines if line.decision.outcome is not Outcome.DENY]
        parts = sum(line.parts for line in accepted)
        forecast = await self.forecasts.forecast(parts)
        many = await database.read(lambda c: desk.needs_approval(c, request, len(accepted)))
        return BatchReport(
            accepted=len(accepted),
            refused=len(lines) - len(accepted),
            parts=parts,
            needs_approval=many or any(_asks(line.decision) for line in accepted),
            queue=forecast.queue,
            seconds=forecast.seconds,
            done_at=forecast.done_at,
            lines=tuple(lines),
        )

    def _foreseen(
        self, connection: Connection, *, caller: Caller, request: BatchRequest, start: int
    ) -> list[BatchForeseen]:
        run = request.recipients[start : start + _RUN]
        requests = [single(request, each) for each in run]
        considered = self.outbound.desk.consider_many(
            connection, caller, requests, self.outbound.clock(), recipients_in_all=len(request.recipients)
        )
        return [
            BatchForeseen(
                start + i, one.decision, len(one.split.parts), one.language, each.group, each.contact
            )
            for i, (each, one) in enumerate(zip(run, considered, strict=True))
        ]


def _asks(decision: Decision) -> bool:
    """Say whether a person is asked about a message that is let in: for quiet hours nobody is."""
    held = {reason.code for reason in decision.reasons if reason.outcome is Outcome.HOLD}
    return bool(held - {Code.QUIET_HOURS})
