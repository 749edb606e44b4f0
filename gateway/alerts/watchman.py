"""Looks twice a minute for what a person must see to, and tells each thing once, in every way there is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection

from gateway.alerts import words
from gateway.alerts.alarm import Alarm, Key, Plan, Told, plan
from gateway.alerts.memory import Memory
from gateway.alerts.post import Letter, Post
from gateway.alerts.signs import View, signs
from gateway.alerts.texting import Texting
from gateway.faults import described
from gateway.model import Clock, ModemPhase, ModemState
from gateway.sender import Radio
from gateway.store import Database, StoreUnavailable, events, outbox
from gateway.store.alerts import Ages, ages
from policy import PolicySettings

log = structlog.get_logger()

_EVERY: Final = 30.0  # seconds
_FIRST: Final = 5.0  # after the start: what is wrong by then is not of the start itself


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alarm that is on, for people who look."""

    kind: str
    about: str
    what: str
    remedy: str
    since: datetime


@dataclass(slots=True)
class Alerts:
    """One look after the other. `told` survives a restart."""

    gateway: str
    database: Database
    settings: PolicySettings
    radios: Sequence[Radio]
    clock: Clock
    memory: Memory
    disk: Path  # a directory on the disk to watch
    patience: timedelta
    remind_after: timedelta
    post: Post | None = None
    texting: Texting | None = None
    backed_up: Callable[[], datetime | None] = lambda: None
    backup_fault: Callable[[], str] = str
    audit_broken: Callable[[], bool] = lambda: False
    sources: Sequence[Callable[[datetime], Iterable[Alarm]]] = ()  # of other parts of the gateway
    every: float = _EVERY
    _told: dict[Key, Told] = field(default_factory=dict)
    _now: tuple[Alarm, ...] = ()
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _away: dict[str, datetime] = field(default_factory=dict)

    def standing(self) -> tuple[AlertView, ...]:
        """Return what is on, the oldest first."""
        shown = [
            AlertView(each.kind, each.about, each.what, each.remedy, self._told[each.key].since)
            for each in self._now
            if each.key in self._told
        ]
        return tuple(sorted(shown, key=lambda each: each.since))

    def unsent(self) -> str:
        """Return why letters wait; empty where none does."""
        return "" if self.post is None else self.post.sentence()

    async def run(self) -> None:
        """Look until cancelled."""
        self._told = await asyncio.to_thread(self.memory.load)
        async with asyncio.TaskGroup() as group:
            if self.post is not None:
                group.create_task(self.post.run(), name="letters")
            await asyncio.sleep(min(_FIRST, self.every))
            while True:
                try:
                    await self.look(self.clock())
                except Exception as exc:  # noqa: BLE001 - whatever is wrong here, messages go on
                    log.error("alerts rest", action="alerts_failed", error=described(exc))  # noqa: TRY400
                await asyncio.sleep(self.every)

    async def look(self, now: datetime) -> Plan:
        """Look once, and tell what is new; return what was told."""
        async with self._turn:
            return await self._look(now)

    async def _look(self, now: datetime) -> Plan:
        self._now = tuple(signs(await self._view(now)))
        told = plan(self._told, self._now, now, self.remind_after)
        if told.memory != self._told:
            self._told = dict(told.memory)
            await asyncio.to_thread(self.memory.save, self._told)
        if not told.silent:
            await self._tell(told, now)
        return told

    async def _view(self, now: datetime) -> View:
        states = [radio.state for radio in self.radios]
        self._note_away(states, now)
        store, waiting = await self._ask_store(now)
        return View(
            now=now,
            zone=self.settings.zone,
            modems=states,
            away=self._away,
            patience=self.patience,
            store=store,
            free=await asyncio.to_thread(_free, self.disk),
            backed_up=await asyncio.to_thread(self.backed_up),
            backup_fault=await asyncio.to_thread(self.backup_fault),
            oldest_hold=waiting.hold,
            oldest_doubt=waiting.doubt,
            oldest_due=waiting.due,
            review_overdue=self.settings.overdue_by(now.astimezone(self.settings.zone).date()),
            audit_broken=self.audit_broken(),
            more=[alarm for source in self.sources for alarm in source(now)],
        )

    def _note_away(self, states: Iterable[ModemState], now: datetime) -> None:
        for state in states:
            if state.phase is ModemPhase.READY and not state.takes_nothing:
                self._away.pop(state.name, None)
            else:
                self._away.setdefault(state.name, now)

    async def _ask_store(self, now: datetime) -> tuple[str, Ages]:
        try:
            await self.database.write(lambda c: outbox.beat(c, now))
            return "", await self.database.read(lambda c: ages(c, now))
        except StoreUnavailable as exc:
            return str(exc), Ages()

    # -- telling --------------------------------------------------------------------------------------

    async def _tell(self, told: Plan, now: datetime) -> None:
        for alarm in told.raised:
            log.error("needs a person", action="alert", kind=alarm.kind, about=alarm.about, what=alarm.what)
        for kind, about in told.ended:
            log.info("no longer needs a person", action="alert_over", kind=kind, about=about)
        if self.post is not None:
            subject, body = words.subject(self.gateway, told), words.letter(self.gateway, told)
            await self.post.put(Letter(now, subject, body))
        try:
            await self.database.write(lambda c: _write(c, told, now))
            await self._text(told)
        except StoreUnavailable as exc:
            log.warning("alerts were not told by event", action="store_unavailable", why=str(exc))

    async def _text(self, told: Plan) -> None:
        """Text, where a modem is well: a text that has to wait for one would come as old news."""
        well = any(radio.state.phase is ModemPhase.READY for radio in self.radios)
        if self.texting is None or not well:
            return
        if not await self.texting.send(words.text(self.gateway, told)):
            log.warning("no more alerts by text today", action="alert_texts_exhausted")


def _write(connection: Connection, told: Plan, now: datetime) -> None:
    for alarm in told.raised:
        events.add(connection, now, "alert.raised", alarm.kind, detail=alarm.about)
    for alarm in told.reminded:
        events.add(connection, now, "alert.reminded", alarm.kind, detail=alarm.about)
    for kind, about in told.ended:
        events.add(connection, now, "alert.ended", kind, detail=about)


def _free(directory: Path) -> int | None:
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None
