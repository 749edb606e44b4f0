"""The gateway as it was when last looked at, as metrics. Collecting does no I/O.

Labels are modems, codes and clauses, never a person or a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from math import isinf
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gateway.measures import Spread, Use
from gateway.model import ModemPhase, ModemState, Status

_VERSION: Final = version("schoolgate")


@dataclass(slots=True, eq=False)
class Snapshot(Collector):
    """What was looked at."""

    modems: Sequence[ModemState] = ()
    uses: Mapping[str, Use] = field(default_factory=dict)
    alerts: Sequence[str] = ()  # their kinds
    messages: Mapping[Status, int] = field(default_factory=dict)
    queue: int | None = None  # None: the store did not answer
    oldest: Mapping[str, datetime | None] = field(default_factory=dict)  # of what waits
    suppression: Spread | None = None
    suspended: bool = False
    now: datetime | None = None
    tick: float = 0.0  # monotonic seconds

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("schoolgate_build", "The release.", value={"version": _VERSION})
        yield GaugeMetricFamily(
            "schoolgate_sending_suspended", "1 while all sending is suspended.", value=int(self.suspended)
        )
        up = 0 if self.queue is None else 1
        yield GaugeMetricFamily("schoolgate_store_up", "Whether the database answered.", value=up)
        if self.queue is not None:
            yield from self._queue(self.queue)
        yield from self._alerts()
        yield from self._modems()
        yield from self._sims()
        yield from self._work()
        if self.suppression is not None:
            yield _histogram(
                "schoolgate_opt_out_seconds",
                "From the reading of a STOP to the commit that obeys it.",
                self.suppression,
            )

    def _queue(self, queue: int) -> Iterator[Metric]:
        yield GaugeMetricFamily("schoolgate_queue_parts", "Parts that wait to be sent.", value=queue)
        messages = GaugeMetricFamily(
            "schoolgate_messages", "Messages whose life has not ended.", labels=["status"]
        )
        for status, count in self.messages.items():
            messages.add_metric([status.value], count)
        waits = GaugeMetricFamily(
            "schoolgate_waiting_seconds",
            "How long the oldest has waited: due for a modem, hold for a person, doubt for evidence.",
            labels=["what"],
        )
        for what, since in self.oldest.items():
            age = (self.now - since).total_seconds() if self.now is not None and since is not None else 0.0
            waits.add_metric([what], max(0.0, age))
        yield from (messages, waits)

    def _alerts(self) -> Iterator[Metric]:
        alerts = GaugeMetricFamily("schoolgate_alerts", "What needs a person now.", labels=["kind"])
        for kind, count in Counter(self.alerts).items():
            alerts.add_metric([kind], count)
        yield alerts

    def _modems(self) -> Iterator[Metric]:
        phases = GaugeMetricFamily(
            "schoolgate_modem_phase", "1 for the phase that a modem is in.", labels=["modem", "phase"]
        )
        signal = _gauge("schoolgate_modem_signal_dbm", "Signal strength in dBm.")
        used = _gauge("schoolgate_modem_storage_used", "Messages in the memory that receives.")
        slots = _gauge("schoolgate_modem_storage_slots", "Messages that it can hold.")
        lost = _gauge("schoolgate_modem_links_lost", "Links lost since the start.")
        paused = _gauge("schoolgate_modem_paused", "1 while its SIM has reached a cap and sends nothing.")
        losses = _gauge("schoolgate_modem_network_losses", "How often its network was lost in an hour.")
        strange = _gauge("schoolgate_modem_strange_lines", "Lines of no known form since its link came up.")
        credit = _gauge("schoolgate_modem_credit", "The SIM's credit, in its operator's currency.")
        failed = _gauge("schoolgate_modem_self_test_failed", "1 where its last self-test failed.")
        recoveries = CounterMetricFamily(
            "schoolgate_modem_recoveries", "What was tried to recover a modem.", labels=["modem", "rung"]
        )
        for modem in self.modems:
            for rung, count in modem.recoveries.items():
                recoveries.add_metric([modem.name, rung], count)
            for phase in ModemPhase:
                phases.add_metric([modem.name, phase.value], float(phase is modem.phase))
            known = ((signal, modem.signal_dbm), (used, modem.storage_used), (credit, modem.credit))
            for family, value in known:
                if value is not None:
                    family.add_metric([modem.name], value)
            if modem.storage_total is not None:
                slots.add_metric([modem.name], modem.storage_total)
            lost.add_metric([modem.name], modem.failures)
            losses.add_metric([modem.name], modem.network_losses)
            strange.add_metric([modem.name], modem.strange_lines)
            if modem.self_test:
                failed.add_metric([modem.name], float(modem.self_test == "failed"))
            paused.add_metric([modem.name], float(modem.paused_until is not None))
        yield from (phases, signal, used, slots, lost, losses, strange, credit, failed, paused, recoveries)

    def _sims(self) -> Iterator[Metric]:
        given = GaugeMetricFamily(
            "schoolgate_modem_sim_parts",
            "Parts that its SIM was given within an hour and a day, as its caps count.",
            labels=["modem", "span"],
        )
        caps = GaugeMetricFamily(
            "schoolgate_modem_sim_cap", "The most of them, where there is a cap.", labels=["modem", "span"]
        )
        for modem in self.modems:
            for span, sent, cap in (
                ("hour", modem.sent_hour, modem.cap_hour),
                ("day", modem.sent_day, modem.cap_day),
            ):
                for family, value in ((given, sent), (caps, cap)):
                    if value is not None:
                        family.add_metric([modem.name, span], value)
        yield from (given, caps)

    def _work(self) -> Iterator[Metric]:
        seconds = CounterMetricFamily(
            "schoolgate_modem_radio_seconds", "Seconds spent handing parts over.", labels=["modem"]
        )
        share = _gauge(
            "schoolgate_modem_utilisation", "Share of the last minute spent handing over, from 0 to 1."
        )
        parts = CounterMetricFamily(
            "schoolgate_modem_parts",
            "Parts that a modem was given, by what came of it.",
            labels=["modem", "outcome"],
        )
        for name, use in self.uses.items():
            seconds.add_metric([name], use.seconds)
            share.add_metric([name], use.share(self.tick))
            for outcome, count in use.outcomes.items():
                parts.add_metric([name, outcome], count)
        yield from (seconds, share, parts)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["modem"])


def _histogram(name: str, text: str, spread: Spread) -> HistogramMetricFamily:
    buckets = [("+Inf" if isinf(bound) else str(bound), float(count)) for bound, count in spread.cumulated()]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=spread.total)
