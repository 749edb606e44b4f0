"""The composition root: builds every object once, runs every task in one group, stops in order."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module

import structlog
from prometheus_client import CollectorRegistry

from gateway.almanac import Almanac
from gateway.anchors import Anchors
from gateway.bell import Bell
from gateway.building import (
    Store,
    begun_of,
    inbound_of,
    modem_of,
    reload_of,
    replies_of,
    routing_of,
    sender_of,
)
from gateway.certificates import Certificate
from gateway.clock import utc_now
from gateway.config import Config
from gateway.contact_upkeep import ContactUpkeep
from gateway.daily import Daily
from gateway.descriptors import tell_calmly
from gateway.facts import PolicyDesk
from gateway.gate import Gate, end_of_step
from gateway.in_force import in_force
from gateway.inherited import inherited
from gateway.modem import Modem
from gateway.notify import notify
from gateway.numbers import Identify
from gateway.offering import use_cases_of
from gateway.own_texts import OwnTexts
from gateway.peers import enrol, unseen
from gateway.reload import Reload
from gateway.selftest import Loopback, SelfTests
from gateway.sender import given, pauses
from gateway.store import Database, load_key_file
from gateway.switch import Sending
from gateway.telling import Telling
from gateway.upkeep import Upkeep
from gateway.usecases import UseCases
from gateway.watchdog import Watchdog, interval
from policy import PolicySettings

log = structlog.get_logger()

_STOP = 15.0  # seconds that stopping may take beyond the part in flight
_YOUNG = 700  # objects more, before the collector looks at them; Python's own number
_SWITCH = 0.0005  # seconds; the event loop gets its turn while the store's thread computes


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running gateway."""

    use_cases: UseCases
    store: Store
    modems: tuple[Modem, ...]
    api_url: str
    watchdog: Watchdog
    reload: Reload


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Store]:
    """Open what the configuration names; for the daemon, and for commands that need no radio."""
    keyring = load_key_file(config.store.key_file)
    settings = PolicySettings.load(config.policy.file)
    async with Database.open(f"sqlite:///{config.store.path}") as database:
        settings = await database.read(lambda c: in_force(c, settings))
        yield Store(database, keyring, settings)


@asynccontextmanager
async def started(config: Config) -> AsyncIterator[Daemon]:
    """Run a gateway for as long as the block lasts; at its end parts in flight are finished first."""
    async with AsyncExitStack() as stack:
        tls = Certificate.of(config.api, utc_now)
        if tls is not None:
            await asyncio.to_thread(tls.load)
        store = await stack.enter_async_context(opened(config))
        bell, gate = Bell(), Gate(end_of_step(asyncio.get_running_loop()))
        sending = Sending(store.database, gate, bell, utc_now)
        await sending.recall()
        almanac = Almanac(store.database, store.settings, utc_now)
        await almanac.look()
        desk = PolicyDesk(
            store.settings,
            store.keyring,
            config.policy.allow_drama_numbers,
            switch=sending.switch,
            holidays=lambda: almanac.holidays,
        )
        texts = OwnTexts(store.keyring, routing_of(config).lane)
        identify, replies = Identify(store.settings), replies_of(store, gate, texts)
        inbound = inbound_of(config, store, identify, replies, bell)
        late: deque[tuple[str, int]] = deque()
        loopback = Loopback(inbound)
        modems = tuple(modem_of(config, section, store, loopback, late) for section in config.modem)
        begun = {modem.name: stack.enter_context(begun_of(config, modem.name)) for modem in modems}
        upkeep = Upkeep(
            gateway=config.gateway.name,
            database=store.database,
            desk=desk,
            inbound=inbound,
            bell=bell,
            clock=utc_now,
            doubt=timedelta(minutes=config.sending.doubt_minutes),
            begun=begun,
            late=late,
            lanes=routing_of(config).lanes,
        )
        await upkeep.recover()
        watchdog = Watchdog(store.database, modems, utc_now, interval(), sending.switch, sending.follow)
        await stack.enter_async_context(_running(watchdog.run()))
        senders = tuple(
            sender_of(config, store, modem, modems, desk, gate, bell, begun[modem.name]) for modem in modems
        )
        telling = Telling.of(config.webhooks, store.database, store.keyring, utc_now)
        use_cases = use_cases_of(config, store, desk, gate, bell, sending, modems, senders, telling)
        await use_cases.lexicon.recall()
        await enrol(use_cases.access, config.unix_user)
        registry = CollectorRegistry()
        await stack.enter_async_context(_running(*(modem.run() for modem in modems), upkeep.run()))
        await stack.enter_async_context(_running(*(sender.run() for sender in senders)))
        tests = SelfTests.of(config.modem, modems, loopback, utc_now, sending.switch)
        await stack.enter_async_context(_running(tests.run()))
        await stack.enter_async_context(_running(telling.run(modems)))
        url = await _offered(stack, config, use_cases, registry, tls, watchdog)
        daily = Daily.of(config, store.database, store.keyring, store.settings, utc_now)
        daily.anchors = Anchors.of(config, daily.auditing, texts, store.settings, identify, bell)
        daily.incidents = use_cases.incidents
        daily.people = ContactUpkeep(use_cases.groups)
        use_cases.health.suppression = inbound.suppression
        hidden, ends = unseen(config.unix_user), str if tls is None else tls.warning
        letters = use_cases.alerts.unsent
        use_cases.health.notes = (almanac.sentence, upkeep.jumps.sentence, letters, ends, lambda: hidden)
        use_cases.health.pauses = lambda: pauses(senders, utc_now())
        use_cases.health.given = lambda: given(senders, utc_now())
        use_cases.alerts.audit_broken = lambda: daily.broken
        await stack.enter_async_context(
            _running(daily.run(), use_cases.alerts.run(), use_cases.approvals.run(), almanac.run())
        )
        await stack.enter_async_context(_running(use_cases.lexicon.follow()))
        reload = reload_of(config, store, desk, identify, replies, use_cases)
        reload.certificate = tls
        reload.follow = (*reload.follow, daily.purge, daily.anchors, use_cases.alerts, almanac)
        use_cases.document.follow = lambda: (reload.replies, *reload.follow)
        yield Daemon(use_cases, store, modems, url, watchdog, reload)


async def _offered(
    stack: AsyncExitStack,
    config: Config,
    use_cases: UseCases,
    registry: CollectorRegistry,
    tls: Certificate | None,
    watchdog: Watchdog,
) -> str:
    """Offer the API for as long as the stack lasts; return its URL."""
    await asyncio.to_thread(import_module, "api")  # a quarter of the start: meanwhile modems are spoken to
    from api import build_app, serve

    api, context = config.api, None if tls is None else tls.context
    app = build_app(
        use_cases, registry=registry, clock=utc_now, per_minute=api.requests_per_minute, kannel=config.kannel
    )
    url = await stack.enter_async_context(
        serve(app, api.host, api.port, api.unix_socket, tls=context, given=inherited())
    )
    watchdog.serving = url
    if tls is not None:
        await stack.enter_async_context(_running(tls.watch(watchdog.note)))
    return url


@asynccontextmanager
async def _running(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run tasks beside the block; cancel them at its end; one that dies ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def run(config: Config, reread: Callable[[], Config]) -> None:
    """Serve until SIGTERM or SIGINT; at SIGHUP take up what `reread` returns."""
    sys.setswitchinterval(_SWITCH)
    stop, hang_up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hang_up.set)
    tell_calmly(loop)
    async with started(config) as daemon, _running(daemon.reload.at(hang_up, reread, daemon.watchdog)):
        gc.collect()
        gc.set_threshold(_YOUNG)
        gc.freeze()  # what is there for good need not be looked through again: that took 100 ms at a time
        notify("READY=1", f"STATUS={daemon.watchdog.status()}")
        log.info("serving", action="serving", url=daemon.api_url, modems=len(daemon.modems))
        settings = daemon.store.settings
        if (late := settings.overdue_by(utc_now().astimezone(settings.zone).date())) is not None:
            log.warning("the policy's review is overdue", action="review_overdue", days=late.days)
        await stop.wait()
        longest = max((modem.result_seconds for modem in config.modem), default=0.0) + _STOP
        notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={longest * 1e6:.0f}")
        daemon.watchdog.note("stopping: finishing the part in flight")
        log.info("stopping", action="stopping")
