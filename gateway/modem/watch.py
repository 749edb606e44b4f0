"""What has to be looked at now and then: registration, signal, memories, and whether the modem forgot us."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from gateway.model import NEARLY_FULL
from gateway.modem import commands
from gateway.modem.answers import Carrier, Memory, Registration
from gateway.modem.delivery import Delivery, settle_notifications
from gateway.modem.errors import CommandFailed, ModemGone
from gateway.modem.facts import Facts, Report
from gateway.modem.identity import attempt, card
from gateway.modem.inbox import Inbox
from gateway.modem.pin import still_open
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings

log = structlog.get_logger()

_POLL: Final = 5.0  # between sweeps where nothing is announced
_FOLLOW_UP: Final = 2.0  # after a hint: were there more messages than hints?
_CHOOSE_AGAIN: Final = 900.0  # at most this often is the modem told to choose a network
_ASKED_IN_VAIN: Final = 2  # times in a row: a modem that does not end its answer costs a time-out each time
_SAME_BOOT: Final = 1.0  # after a look; some modems say what is said at boot all the time


async def ask_for_news(session: Session, domains: Iterable[str] = commands.REGISTRATIONS) -> None:
    """Have the modem say when its registration changes; modems differ in the domains that they know."""
    for domain in tuple(domains):
        await attempt(session, commands.do(f"AT+{domain}=1"))


class Watch:
    """Housekeeping of one link. `due` says when there is something to do next, in loop time."""

    def __init__(
        self, session: Session, settings: ModemSettings, delivery: Delivery, inbox: Inbox, report: Report
    ) -> None:
        """Begin with everything due; `report` takes fields of `ModemState`."""
        self.registration = Registration(None)
        self._session = session
        self._settings = settings
        self._delivery = delivery
        self._inbox = inbox
        self._report = report
        self._iccid: str | None = None
        self._imsi = ""
        self._domains = list(commands.REGISTRATIONS)
        self._suspected = self._verified = 0  # how often the modem may have restarted, and was looked at
        self._unsure, self._looked_at = False, float("-inf")
        self._count_due = True
        self._unanswered = 0  # how often in a row the SIM did not tell its lock
        self._shut = 0  # of the inbox, when the SIM was asked last
        self._unregistered_since: float | None = None
        self._chosen_at = float("-inf")
        self._follow_up = float("inf")
        now = self._now()
        self._register_at = now
        self._sweep_at = now + self._every
        self._beat_at = now + settings.heartbeat_every

    @property
    def registered(self) -> bool:
        """SMS may be sent; a modem that knows none of the three queries is given the benefit of the doubt."""
        return self.registration.usable or not self._domains

    @property
    def unsure(self) -> bool:
        """The modem may have forgotten what it was told: nothing is to be sent before we have looked."""
        return self._unsure or self._session.forgot

    @property
    def _suspicious(self) -> bool:
        return self._suspected != self._verified or self._session.forgot

    @property
    def due(self) -> float:
        """When to call `tend` next."""
        refused = self._inbox.shut != self._shut
        if self._suspicious or refused or (self._count_due and self._inbox.clean):
            return self._now()
        return min(self._register_at, self._sweep_at, self._beat_at, self._follow_up)

    @property
    def _every(self) -> float:
        every = self._settings.sweep_every
        return every if self._delivery.notifications is not None else min(every, _POLL)

    def suspect(self) -> None:
        """Note that the modem may have restarted: it says what modems say at boot."""
        self._suspected += 1
        if self._now() - self._looked_at > _SAME_BOOT:
            self._unsure = True
            self._inbox.restarted()

    def registration_changed(self) -> None:
        """Note that it may have; the answer to a query decides."""
        self._register_at = self._now()

    def heard_hint(self) -> None:
        """Look once more when the burst is over."""
        self._follow_up = min(self._follow_up, self._now() + _FOLLOW_UP)

    def heard_full(self, name: str) -> None:
        """Look soon, not at once: some modems say it again and again, and no look may cause the next."""
        if self._follow_up == float("inf"):
            log.warning("modem.memory_full", modem=self._settings.name, urc=name)
        self.heard_hint()

    async def begin(self, iccid: str, imsi: str = "") -> None:
        """Ask for news of the registration, and for the signal."""
        self._iccid, self._imsi = iccid or None, imsi
        await ask_for_news(self._session, self._domains)
        self._report(signal_dbm=await attempt(self._session, commands.SIGNAL))

    async def tend(self) -> None:
        """Do what is due. Raise `ModemGone` if the modem has forgotten what it was told."""
        now = self._now()
        if self._suspicious:
            seen = self._suspected
            await self._verify(same_card=True)
            self._verified, self._unsure, self._looked_at = seen, False, self._now()
        elif self._inbox.shut != self._shut:
            await self._ask_sim()
        if now >= self._register_at:
            await self._register()
        if self._count_due and self._inbox.clean:
            self._count_due = False
            await self._count()
        if now >= self._follow_up:
            self._follow_up = float("inf")
            self._inbox.sweep_home()
        if now >= self._sweep_at:
            await self._look_around()
        elif now >= self._beat_at:
            await self._beat()

    async def _look_around(self) -> None:
        self._sweep_at = self._now() + self._every
        self._inbox.sweep()
        self._count_due = True
        await self._verify(same_card=False)
        await self._register()
        signal = await attempt(self._session, commands.SIGNAL)
        self._report(signal_dbm=signal, strange_lines=self._session.strange)
        self._beat_at = self._now() + self._settings.heartbeat_every

    async def _beat(self) -> None:
        """Notice a modem that hangs while nothing is to be sent. A session in use needs no proof."""
        every = self._settings.heartbeat_every
        if self._now() - self._session.used_at >= every:
            self._report(signal_dbm=await attempt(self._session, commands.SIGNAL))
        self._beat_at = self._session.used_at + every

    async def _verify(self, *, same_card: bool) -> None:
        if self._session.forgot:
            await self._quieten()
        mode = await attempt(self._session, commands.MODE)
        if mode not in (0, None):
            raise ModemGone("the modem restarted and forgot its settings")
        await self._ask_sim()
        if same_card and self._iccid is not None and await card(self._session) not in ("", self._iccid):
            raise ModemGone("the SIM was changed")
        if same_card and self._imsi and await attempt(self._session, commands.IMSI) not in (None, self._imsi):
            raise ModemGone("the SIM's subscriber was changed")
        wanted = self._delivery.notifications
        kept = await attempt(self._session, commands.NOTIFICATIONS)
        if wanted is not None and kept is not None and kept[:4] != wanted[:4]:
            log.warning("modem.notifications_lost", modem=self._settings.name)
            if await settle_notifications(self._session, (wanted[:4],)) is None:
                raise ModemGone("the modem no longer announces messages")
            await self._quieten()
            await ask_for_news(self._session, self._domains)
            self.registration_changed()
            self._inbox.sweep()

    async def _ask_sim(self) -> None:
        """See whether the SIM still lets us in: nobody need have said that it does not."""
        if self._inbox.shut != self._shut:
            self._shut = self._inbox.shut
            self.heard_hint()
        if self._unanswered < _ASKED_IN_VAIN:
            self._unanswered = 0 if await still_open(self._session) else self._unanswered + 1

    async def _quieten(self) -> None:
        """Have no echo, and errors by their numbers, again."""
        for command in (commands.NO_ECHO, commands.NUMBERED_ERRORS):
            await attempt(self._session, command)
        self._session.forgot = False

    async def _count(self) -> None:
        receiving: Memory | None = next(
            iter((await attempt(self._session, commands.MEMORY) or ())[-1:]), None
        )
        if receiving is None:
            return
        self._report(storage_used=receiving.used, storage_total=receiving.total)
        if receiving.total and (receiving.used or 0) >= NEARLY_FULL * receiving.total:
            log.warning(
                "modem.memory_filling",
                modem=self._settings.name,
                memory=receiving.name,
                used=receiving.used,
                total=receiving.total,
            )

    async def _register(self) -> None:
        self.registration = await self._registration()
        now = self._now()
        facts: Facts = {"registration": self.registration.word}
        if self.registered:
            self._unregistered_since = None
            self._register_at = float("inf")
            network = await attempt(self._session, commands.NETWORK) or Carrier()
            facts["operator"], facts["technology"] = network.name, network.generation
        else:
            self._unregistered_since = self._unregistered_since or now
            self._register_at = now + self._settings.registration_poll
        self._report(**facts)
        if not self.registered:
            await self._choose_network(now)

    async def _registration(self) -> Registration:
        """Return the best news of the three domains: an LTE modem may be registered for EPS only."""
        best = Registration(None)
        for domain in tuple(self._domains):
            try:
                found = await self._session.run(commands.REGISTRATIONS[domain])
            except CommandFailed:
                if self.registration.stat is None:
                    self._domains.remove(domain)
                continue
            if found.usable:
                return found
            if best.stat in (None, 0, 4):
                best = found
        return best

    async def _choose_network(self, now: float) -> None:
        since = self._unregistered_since
        if since is None or now - since < self._settings.registration_wait:
            return
        if now - self._chosen_at < _CHOOSE_AGAIN:
            return
        self._chosen_at = now
        log.warning("modem.choosing_network", modem=self._settings.name, out_for=round(now - since))
        await attempt(self._session, commands.CHOOSE_NETWORK)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
