"""Counters of what the API decided, and gauges read from the gateway for each scrape."""

from __future__ import annotations

import time
from dataclasses import asdict

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from api.gauges import Snapshot
from gateway.errors import StoreUnavailable
from gateway.usecases import UseCases
from policy import Decision, Outcome


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
        self._snapshot = Snapshot()
        registry.register(self._snapshot)

    def accept(self, count: int) -> None:
        """Count messages that were accepted."""
        self._accepted.inc(count)

    def refuse(self, decision: Decision) -> None:
        """Count every reason of a refusal."""
        for reason in decision.reasons:
            if reason.outcome is Outcome.DENY:
                self._refused.labels(reason.clause, reason.code.value).inc()

    async def scrape(self, use_cases: UseCases) -> bytes:
        """Look at the gateway, then return everything in the text format."""
        health, snapshot = use_cases.health, self._snapshot
        try:
            messages, queue, ages = await health.messages(), await health.queue(), await health.ages()
        except StoreUnavailable:
            snapshot.messages, snapshot.queue, snapshot.oldest = {}, None, {}
        else:
            snapshot.messages, snapshot.queue, snapshot.oldest = messages, queue, asdict(ages)
        snapshot.modems, snapshot.uses = health.modems(), health.uses()
        snapshot.alerts = [alert.kind for alert in use_cases.alerts.standing()]
        snapshot.suppression = health.suppression
        snapshot.suspended = health.switch.off_since is not None
        snapshot.now, snapshot.tick = health.clock(), time.monotonic()
        return generate_latest(self._registry)
