"""The composition root: builds every object once, runs every task in one group, stops in order."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry

from api import build_app, serve
from gateway.access import Access
from gateway.batches import Batches
from gateway.begun import Begun
from gateway.bell import Bell
from gateway.cards import Card
from gateway.clock import utc_now
from gateway.config import Config, ConfigError, ModemSection
from gateway.consents import Consents
from gateway.daily import Daily
from gateway.doubts import Doubts
from gateway.facts import PolicyDesk
from gateway.forecast import Forecasts
from gateway.gate import Gate, end_of_step
from gateway.govuk import GovukAccess
from gateway.handoff import Handoff
from gateway.health import Health
from gateway.inbound import Inbound
from gateway.modem import Modem, ModemSettings, Timeouts
from gateway.notify import notify
from gateway.numbers import Identify
from gateway.optouts import OptOuts
from gateway.outbound import Outbound
from gateway.pins import Pins
from gateway.queries import Queries
from gateway.reload import Reload
from gateway.replies import Replies
from gateway.sender import Sender
from gateway.store import Database, Keyring, load_key_file
from gateway.telling import Telling
from gateway.templates import Templates
from gateway.upkeep import Upkeep
from gateway.usecases import UseCases
from gateway.watchdog import Watchdog, interval
from policy import Classifier, PolicySettings

log = structlog.get_logger()

_STOP = 15.0  # seconds that stopping may take beyond the part in flight
_SWITCH = 0.0005  # seconds; the event loop gets its turn while the store's thread computes


@dataclass(frozen=True, slots=True)
class Store:
    """The database and the keys that open it."""

    database: Database
    keyring: Keyring
    settings: PolicySettings


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
        yield Store(database, keyring, settings)


@asynccontextmanager
async def started(config: Config) -> AsyncIterator[Daemon]:
    """Run a gateway for as long as the block lasts; at its end parts in flight are finished first."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened(config))
        bell, gate = Bell(), Gate(end_of_step(asyncio.get_running_loop()))
        desk = PolicyDesk(store.settings, store.keyring, allow_drama=config.policy.allow_drama_numbers)
        identify, replies = Identify(store.settings), _replies(store, gate)
        inbound = _inbound(config, store, identify, replies, bell)
        late: deque[tuple[str, int]] = deque()
        modems = tuple(_modem(config, section, store, inbound, late) for section in config.modem)
        begun = {modem.name: stack.enter_context(_begun(config, modem.name)) for modem in modems}
        upkeep = Upkeep(
            gateway=config.gateway.name,
            database=store.database,
            inbound=inbound,
            bell=bell,
            clock=utc_now,
            doubt=timedelta(minutes=config.sending.doubt_minutes),
            begun=begun,
            late=late,
        )
        await upkeep.recover()
        watchdog = Watchdog(store.database, modems, utc_now, interval())
        await stack.enter_async_context(_running(watchdog.run()))
        senders = tuple(
            _sender(config, store, modem, desk, gate, bell, begun[modem.name]) for modem in modems
        )
        telling = Telling.of(config.webhooks, store.database, store.keyring, utc_now)
        use_cases = _use_cases(config, store, desk, gate, bell, modems, senders, telling)
        registry = CollectorRegistry()
        await stack.enter_async_context(_running(*(modem.run() for modem in modems), upkeep.run()))
        await stack.enter_async_context(_running(*(sender.run() for sender in senders)))
        await stack.enter_async_context(_running(telling.run(modems)))
        per_minute = config.api.requests_per_minute
        app = build_app(use_cases, registry=registry, clock=utc_now, per_minute=per_minute)
        url = await stack.enter_async_context(
            serve(app, config.api.host, config.api.port, config.api.unix_socket)
        )
        watchdog.serving = url
        daily = Daily.of(config, store.database, store.keyring, store.settings, utc_now)
        await stack.enter_async_context(_running(daily.run()))
        reload = _reload(config, store, desk, identify, replies, use_cases)
        reload.follow = (*reload.follow, daily.purge)
        yield Daemon(use_cases, store, modems, url, watchdog, reload)


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
    async with started(config) as daemon, _running(daemon.reload.at(hang_up, reread, daemon.watchdog)):
        gc.collect()
        gc.freeze()  # what is there for good need not be looked through again: that took 100 ms at a time
        notify("READY=1", f"STATUS={daemon.watchdog.status()}")
        log.info("serving", action="serving", url=daemon.api_url, modems=len(daemon.modems))
        await stop.wait()
        longest = max((modem.result_seconds for modem in config.modem), default=0.0) + _STOP
        notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={longest * 1e6:.0f}")
        daemon.watchdog.note("stopping: finishing the part in flight")
        log.info("stopping", action="stopping")


def _replies(store: Store, gate: Gate) -> Replies:
    classify = Classifier(store.settings).classify
    return Replies(keyring=store.keyring, gate=gate, settings=store.settings, classify=classify)


def _inbound(config: Config, store: Store, identify: Identify, replies: Replies, bell: Bell) -> Inbound:
    return Inbound(
        gateway=config.gateway.name,
        database=store.database,
        keyring=store.keyring,
        identify=identify,
        replies=replies,
        clock=utc_now,
        on_change=bell.ring,
    )


def _reload(
    config: Config, store: Store, desk: PolicyDesk, identify: Identify, replies: Replies, use_cases: UseCases
) -> Reload:
    access, optouts, consents = use_cases.access, use_cases.optouts, use_cases.consents
    return Reload(
        config=config,
        database=store.database,
        clock=utc_now,
        follow=(desk, identify, access, optouts, consents, use_cases.templates),
        replies=replies,
        admit=(desk, consents),
    )


def _modem(
    config: Config, section: ModemSection, store: Store, inbound: Inbound, late: deque[tuple[str, int]]
) -> Modem:
    settings = ModemSettings(
        name=section.name,
        port=str(section.port),
        search=section.search,
        baud=section.baud,
        pin=_pin(section),
        profile=section.profile,
        smsc=section.smsc,
        sweep_every=section.sweep_seconds,
        timeouts=Timeouts(submit=section.result_seconds),
    )
    pins = Pins(store.database, store.keyring, utc_now)
    return Modem(
        settings,
        sink=inbound,
        clock=utc_now,
        remember_pin=pins,
        card=Card.of(config.store.path, section.name),
        on_late_result=lambda mr: late.append((section.name, mr)),
    )


def _pin(section: ModemSection) -> str | None:
    if section.pin_file is None:
        return None
    try:
        pin = section.pin_file.read_text().strip()
    except OSError as exc:
        raise ConfigError(section.pin_file, [f"modem {section.name}: PIN file: {exc.strerror}"]) from exc
    if not (pin.isdecimal() and 4 <= len(pin) <= 8):
        raise ConfigError(section.pin_file, [f"modem {section.name}: a PIN is 4 to 8 digits"])
    return pin


def _begun(config: Config, modem: str) -> closing[Begun]:
    path = config.store.path.with_name(f"{config.store.path.stem}.{modem}.begun")
    return closing(Begun(path))


def _sender(
    config: Config, store: Store, modem: Modem, desk: PolicyDesk, gate: Gate, bell: Bell, begun: Begun
) -> Sender:
    handoff = Handoff(
        gateway=config.gateway.name,
        modem=modem.name,
        keyring=store.keyring,
        desk=desk,
        gate=gate,
        retries=[timedelta(seconds=seconds) for seconds in config.sending.retry_seconds],
    )
    pause = config.sending.device_pause_seconds
    return Sender(modem, handoff, store.database, gate, bell, utc_now, begun, pause)


def _use_cases(
    config: Config,
    store: Store,
    desk: PolicyDesk,
    gate: Gate,
    bell: Bell,
    modems: tuple[Modem, ...],
    senders: tuple[Sender, ...],
    telling: Telling,
) -> UseCases:
    database, keyring, settings = store.database, store.keyring, store.settings
    validity = timedelta(hours=config.sending.validity_hours)
    outbound = Outbound(
        database=database,
        keyring=keyring,
        desk=desk,
        bell=bell,
        clock=utc_now,
        validity=validity,
        rates=tuple(sender.rate for sender in senders),
    )
    access = Access(database=database, keyring=keyring, settings=settings, clock=utc_now)
    return UseCases(
        access=access,
        govuk=GovukAccess(access),
        outbound=outbound,
        batches=Batches(outbound=outbound),
        queries=Queries(database, keyring),
        optouts=OptOuts(
            database=database, keyring=keyring, settings=settings, gate=gate, bell=bell, clock=utc_now
        ),
        consents=Consents(
            database=database,
            keyring=keyring,
            settings=settings,
            clock=utc_now,
            allow_drama=config.policy.allow_drama_numbers,
        ),
        templates=Templates(database=database, settings=settings, clock=utc_now),
        health=Health(database, modems, utc_now),
        events=telling.events,
        webhooks=telling.webhooks,
        forecasts=Forecasts(database, tuple((sender.modem, sender.rate) for sender in senders), utc_now),
        doubts=Doubts(database=database, keyring=keyring, bell=bell, clock=utc_now),
    )
