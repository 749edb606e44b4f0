"""Counters of what the API decided, and gauges read from the gateway for each scrape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from gateway.errors import StoreUnavailable
from gateway.health import Health
from gateway.model import ModemPhase, ModemState, Status
from policy import Decision, Outcome


@dataclass(slots=True, eq=False)
class _Snapshot(Collector):
    """The gauges as they were when last looked; collecting does no I/O."""

    modems: Sequence[ModemState] = ()
    messages: Mapping[Status, int] = field(default_factory=dict)
    queue: int | None = None  # None: the store did not answer
    suspended: bool = False

    def collect(self) -> Iterator[Metric]:
        up = 0 if self.queue is None else 1
        yield GaugeMetricFamily(
            "schoolgate_sending_suspended", "1 while all sending is suspended.", value=int(self.suspended)
        )
        yield GaugeMetricFamily("schoolgate_store_up", "Whether the database answered.", value=up)
        if self.queue is not None:
            yield GaugeMetricFamily("schoolgate_queue_parts", "Parts that wait to be sent.", value=self.queue)
            messages = GaugeMetricFamily(
                "schoolgate_messages", "Messages whose life has not ended.", labels=["status"]
            )
            for status, count in self.messages.items():
                messages.add_metric([status.value], count)
            yield messages
        yield from self._modems()

    def _modems(self) -> Iterator[Metric]:
        phases = GaugeMetricFamily(
            "schoolgate_modem_phase", "1 for the phase that a modem is in.", labels=["modem", "phase"]
        )
        signal = GaugeMetricFamily("schoolgate_modem_signal_dbm", "Signal strength in dBm.", labels=["modem"])
        lost = GaugeMetricFamily(
            "schoolgate_modem_links_lost", "Links lost since the start.", labels=["modem"]
        )
        recoveries = CounterMetricFamily(
            "schoolgate_modem_recoveries", "What was tried to recover a modem.", labels=["modem", "rung"]
        )
        for modem in self.modems:
            for rung, count in modem.recoveries.items():
                recoveries.add_metric([modem.name, rung], count)
            for phase in ModemPhase:
                phases.add_metric([modem.name, phase.value], float(phase is modem.phase))
            if modem.signal_dbm is not None:
                signal.add_metric([modem.name], modem.signal_dbm)
            lost.add_metric([modem.name], modem.failures)
        yield from (phases, signal, lost, recoveries)


class Meters:
    """What Prometheus scrapes. Labels are codes and clauses, never a person or a number."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._accepted = Counter(
            "schoolgate_messages_accepted", "Messages accepted for sending.", registry=registry
        )
        self._refused = Counter(
            "schoolgate_messages_refused",
            "Reasons for which messages were refused.",
            ["clause", "code"],
            registry=registry,
        )
        self._snapshot = _Snapshot()
        registry.register(self._snapshot)

    def accept(self, count: int) -> None:
        """Count messages that were accepted."""
        self._accepted.inc(count)

    def refuse(self, decision: Decision) -> None:
        """Count every reason of a refusal."""
        for reason in decision.reasons:
            if reason.outcome is Outcome.DENY:
                self._refused.labels(reason.clause, reason.code.value).inc()

    async def scrape(self, health: Health) -> bytes:
        """Look at the gateway, then return everything in the text format."""
        snapshot = self._snapshot
        try:
            messages, queue = await health.messages(), await health.queue()
        except StoreUnavailable:
            messages, queue = {}, None
        snapshot.modems, snapshot.messages, snapshot.queue = health.modems(), messages, queue
        snapshot.suspended = health.switch.off_since is not None
        return generate_latest(self._registry)
