"""Builds the objects of a gateway from its configuration; the composition root puts them together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from gateway.allowance import Allowance, SimCaps
from gateway.begun import Begun
from gateway.bell import Bell
from gateway.cards import Card
from gateway.clock import utc_now
from gateway.config import Config, ConfigError, ModemSection
from gateway.copy_marks import copies_of
from gateway.facts import PolicyDesk
from gateway.gate import Gate
from gateway.handoff import Handoff
from gateway.inbound import Inbound
from gateway.model import InboundSink, ModemPhase
from gateway.modem import Modem, ModemSettings, Timeouts
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.pins import Pins
from gateway.reload import Reload
from gateway.replies import Replies
from gateway.routing import Routing, Rule, Turn
from gateway.sender import Rate, Sender
from gateway.sim_notes import SimNotes
from gateway.store import Database, Keyring
from gateway.usecases import UseCases
from policy import Classifier, PolicySettings


@dataclass(frozen=True, slots=True)
class Store:
    """The database and the keys that open it."""

    database: Database
    keyring: Keyring
    settings: PolicySettings


def replies_of(store: Store, gate: Gate, texts: OwnTexts) -> Replies:
    """Return the replies: what acts on what came in."""
    return Replies(texts=texts, gate=gate, settings=store.settings, reader=Classifier(store.settings))


def inbound_of(config: Config, store: Store, identify: Identify, replies: Replies, bell: Bell) -> Inbound:
    """Return the way in for what a modem read."""
    return Inbound(
        gateway=config.gateway.name,
        database=store.database,
        keyring=store.keyring,
        identify=identify,
        replies=replies,
        clock=utc_now,
        on_change=bell.ring,
    )


def reload_of(
    config: Config, store: Store, desk: PolicyDesk, identify: Identify, replies: Replies, use_cases: UseCases
) -> Reload:
    """Return what SIGHUP takes up."""
    access, optouts, consents = use_cases.access, use_cases.optouts, use_cases.consents
    contacts = (use_cases.contacts, use_cases.groups, use_cases.suspects)
    return Reload(
        config=config,
        database=store.database,
        clock=utc_now,
        follow=(
            desk,
            identify,
            access,
            optouts,
            consents,
            *contacts,
            use_cases.compliance,
            use_cases.document,
            use_cases.members,
            use_cases.violations,
            use_cases.incidents,
            use_cases.templates,
        ),
        replies=replies,
        admit=(desk, consents, use_cases.contacts),
    )


def modem_of(
    config: Config, section: ModemSection, store: Store, sink: InboundSink, late: deque[tuple[str, int]]
) -> Modem:
    """Return the driver of one modem."""
    settings = ModemSettings(
        name=section.name,
        port=str(section.port),
        second_port=section.second_port,
        search=section.search,
        baud=section.baud,
        pin=_pin(section),
        profile=section.profile,
        smsc=section.smsc,
        store_first=section.store_first,
        credit_ussd=section.credit_ussd or "",
        credit_pattern=section.credit_pattern or "",
        credit_every=section.credit_hours * 3600,
        credit_floor=section.credit_floor,
        sweep_every=section.sweep_seconds,
        timeouts=Timeouts(submit=section.result_seconds),
    )
    pins = Pins(store.database, store.keyring, utc_now)
    modem = Modem(
        settings,
        sink=sink,
        clock=utc_now,
        remember_pin=pins,
        card=Card.of(config.store.path, section.name),
        on_late_result=lambda mr: late.append((section.name, mr)),
        copies=copies_of(config.store.path, section.name) if section.store_first else None,
    )
    SimNotes.of(config.store.path, modem, section).follow()
    return modem


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


def begun_of(config: Config, modem: str) -> closing[Begun]:
    """Return the mark of a hand-off that outlives the process."""
    path = config.store.path.with_name(f"{config.store.path.stem}.{modem}.begun")
    return closing(Begun(path))


def routing_of(config: Config) -> Routing:
    """Return the rules by which modems take messages."""
    return Routing(
        [
            Rule(each.name, each.prefixes, only=each.only, avoid=each.avoid, reserve=each.reserve)
            for each in config.modem
        ]
    )


def sender_of(
    config: Config,
    store: Store,
    modem: Modem,
    modems: Sequence[Modem],
    desk: PolicyDesk,
    gate: Gate,
    bell: Bell,
    begun: Begun,
) -> Sender:
    """Return the task that sends through one of the modems."""
    rate, routing = Rate(), routing_of(config)
    turn = Turn(routing, modem.name, lambda: _ready(modems), lambda: rate.seconds, time.monotonic)
    handoff = Handoff(
        gateway=config.gateway.name,
        modem=modem.name,
        keyring=store.keyring,
        desk=desk,
        gate=gate,
        retries=[timedelta(seconds=seconds) for seconds in config.sending.retry_seconds],
        turn=turn if routing.any else None,
    )
    pause = config.sending.device_pause_seconds
    allowance = Allowance(_caps(next(each for each in config.modem if each.name == modem.name)))
    return Sender(modem, handoff, store.database, gate, bell, utc_now, begun, pause, allowance, rate)


def _ready(modems: Sequence[Modem]) -> set[str]:
    return {modem.name for modem in modems if modem.state.phase is ModemPhase.READY}


def _caps(section: ModemSection) -> SimCaps:
    return SimCaps(
        per_hour=section.parts_per_hour,
        per_day=section.parts_per_day,
        number_per_hour=section.number_per_hour,
        identical_per_hour=section.identical_per_hour,
    )
