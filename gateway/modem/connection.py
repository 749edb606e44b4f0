"""One link from its bring-up to its end: hears, reads, tends and sends. Used once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from gateway.model import Clock, InboundSink, ModemPhase, NotSent, SendOutcome
from gateway.modem.at import BOOT, FULL, REGISTRATION, RESTARTED, Urc
from gateway.modem.bringup import Ready, bring_up
from gateway.modem.console import Said, say
from gateway.modem.copies import Copies
from gateway.modem.credit import Credit
from gateway.modem.direct import Directs, Handed
from gateway.modem.errors import ModemGone
from gateway.modem.facts import Report
from gateway.modem.identity import Equipment
from gateway.modem.inbox import Inbox
from gateway.modem.link import Sleep, backoff
from gateway.modem.pauses import Pauses
from gateway.modem.port import Port
from gateway.modem.posting import Posting
from gateway.modem.reader import LONGEST_RETRY, NotCommitted, Reader
from gateway.modem.references import References
from gateway.modem.relay import RelayLink
from gateway.modem.second import Link, SecondPort, candidates
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings, PinMemory
from gateway.modem.stored import StoredSending
from gateway.modem.submission import submit
from gateway.modem.watch import Watch

log = structlog.get_logger()


class Connection:
    """One link. `registered` and `clean` together say whether it may transmit."""

    def __init__(
        self,
        settings: ModemSettings,
        port: Port,
        *,
        sink: InboundSink,
        clock: Clock,
        sleep: Sleep,
        report: Report,
        changed: Callable[[], None],
        references: References,
        copies: Copies | None = None,
        credit: Credit | None = None,
        stumbled: Callable[[str], None],
    ) -> None:
        """Listen from now on; nothing is written before `run`."""
        self.ready: Ready | None = None
        self._settings = settings
        self._path = port.path
        self._posting = Posting(settings.name, sink, clock)
        self._sleep = sleep
        self._report = report
        self._changed = changed
        self._wake = asyncio.Event()
        self._early: list[Urc] = []  # hints from before the memories were known
        self._inbox: Inbox | None = None
        self._reader: Reader | None = None
        self._second: SecondPort | None = None
        self._watch: Watch | None = None
        self._relay: RelayLink | None = None
        self._references = references
        self._copies = copies or Copies()
        self._stored: StoredSending | None = None
        self._credit = credit
        self.pauses = Pauses(settings.name, LONGEST_RETRY)
        self._session = Session(port, lambda urc: self._hear(urc, self._session), settings.timeouts, stumbled)
        self._directs = Directs(self._session, self._posting.direct, self._stir)

    @property
    def registered(self) -> bool:
        """The bring-up is over and the network takes our messages."""
        return self._watch is not None and self._watch.registered and not self._session.lost.done()

    @property
    def transmits(self) -> bool:
        """A part may be handed over now."""
        unsure = self._watch is None or self._watch.unsure
        return self.registered and not unsure and _now() >= self.pauses.until

    @property
    def warning(self) -> str:
        """What a technician should know of a link that works."""
        trouble = self.pauses.warning or ("" if self._inbox is None else self._inbox.trouble)
        return trouble or ("" if self.ready is None else self.ready.warning)

    @property
    def clean(self) -> bool:
        """All inbound messages that we know of were read and committed."""
        return self._inbox is not None and self._inbox.clean and self._directs.clean

    async def run(self, *, known_card: str, known_imsi: str = "", memory: PinMemory) -> None:
        """Live until the link dies; raises `ModemGone`, or is cancelled."""
        gone: ModemGone | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._until_lost())
                tasks.create_task(self._commit_directs())
                await self._live(known_card, known_imsi, memory, tasks)
        except* ModemGone as group:
            gone = self._session.reason or next(e for e in group.exceptions if isinstance(e, ModemGone))
        finally:
            self._session.close()
        # Until Python 3.13 a task group forgets a cancellation that comes together with an error.
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError
        raise gone or ModemGone("the link ended")

    async def send(self, pdu: bytes, *, permit: Callable[[], bool], more: bool) -> SendOutcome:
        """Hand one part over; the caller waited for `transmits` and `clean`."""
        relay = self._relay
        if relay is None:
            return NotSent("the modem is not ready")
        if self._credit is not None:
            self._credit.give_way(_now())
        if more:
            try:
                await relay.keep()
            except ModemGone as exc:
                return NotSent(str(exc))
        if self._stored is not None:
            outcome = await self._stored.submit(pdu, permit)
        else:
            outcome = await submit(self._session, pdu, permit, self._references)
        relay.used()
        warned = self.pauses.warning
        if self.pauses.note(outcome, _now()):
            self._suspect()
        elif warned or self._session.forgot:
            self._stir()
        return outcome

    async def converse(self, line: str) -> Said:
        """Say what a person wants to say, when it is its turn."""
        return await say(self._session, line)

    def _suspect(self) -> None:
        """Find out whether the modem has restarted, since it takes no part."""
        if self._watch is not None:
            self._watch.suspect()
        self._stir()

    async def _until_lost(self) -> None:
        await asyncio.shield(self._session.lost)  # cancelling us must not cancel the future

    async def _live(
        self, known_card: str, known_imsi: str, memory: PinMemory, tasks: asyncio.TaskGroup
    ) -> None:
        self._report(phase=ModemPhase.INITIALISING)
        ready = await bring_up(
            self._session,
            self._settings,
            known_card=known_card,
            known_imsi=known_imsi,
            memory=memory,
            sleep=self._sleep,
            met=self._met,
        )
        self._agree(ready)
        assert self._watch is not None  # noqa: S101 - just agreed
        await self._watch.begin(ready.iccid, ready.imsi)
        if self._second is not None:
            tasks.create_task(self._second.run())
        while True:
            await self._work(self._watch)

    def _met(self, machine: Equipment, iccid: str) -> None:
        self._report(
            manufacturer=machine.manufacturer,
            model=machine.model,
            firmware=machine.firmware,
            imei=machine.imei,
            iccid=iccid,
        )

    def _agree(self, ready: Ready) -> None:
        """Take up what was agreed, and the hints that came before it."""
        self.ready = ready
        self._posting.sim = ready.imsi
        self._report(imsi=ready.imsi, iccid=ready.iccid, notifications=ready.delivery.words)
        self._directs.acknowledge = ready.delivery.acknowledge
        self._inbox = Inbox(self._session, ready.delivery, self._posting.stored, self._stir)
        self._watch = Watch(self._session, self._settings, ready.delivery, self._inbox, self._report)
        self._relay = RelayLink(self._session, ready.profile.keep_link)
        self._reader = Reader(self._inbox, self._session, self._sleep)
        if self._settings.store_first:
            wanted = ready.delivery.notifications
            self._stored = StoredSending(self._session, self._inbox, self._references, self._copies, wanted)
        if self._credit is not None:
            self._credit.attach(ready, self._session, self._wake.set, _now())
        if paths := candidates(self._settings, self._path, ready.profile):
            link = Link(
                self._settings, ready, self._session, self._inbox, self._hear, self._sleep, self._report
            )
            self._second = SecondPort(link, paths)
        early, self._early = self._early, []
        for urc in early:
            self._hear(urc, self._session)

    async def _work(self, watch: Watch) -> None:
        """Read first, then tend, then wait for news or for the next thing that is due."""
        self._wake.clear()
        if self._reader is not None:
            await self._reader.read()
        await watch.tend()
        if self._relay is not None:
            await self._relay.release()
        if self._credit is not None:
            await self._credit.ask(_now())
        self._changed()
        try:
            async with asyncio.timeout_at(self._due(watch)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _due(self, watch: Watch) -> float:
        times = [each.due for each in (watch, self._credit) if each is not None]
        if self._relay is not None and self._relay.due is not None:
            times.append(self._relay.due)
        if not self.transmits and self.registered:
            times.append(self.pauses.until)
        if self._reader is not None and self._reader.due is not None:
            times.append(self._reader.due)
        return min(times)

    async def _commit_directs(self) -> None:
        failures = 0
        while True:
            try:
                await self._directs.run()
            except NotCommitted:
                failures += 1
                await self._sleep(backoff(failures, LONGEST_RETRY))

    def _stir(self) -> None:
        self._wake.set()
        if self._second is not None:
            self._second.wake.set()
        self._changed()

    def _hear(self, urc: Urc, through: Session) -> None:
        """Act on an unsolicited line in the step in which it came, through whichever port."""
        name = urc.name
        if name in RESTARTED:
            self._session.hurry(self._settings.timeouts.command)
        if name in ("+CMT", "+CDS"):
            self._take_direct(urc, through)
        elif self._inbox is None or self._watch is None:
            self._early.append(urc)
            del self._early[:-100]
        elif name in ("+CMTI", "+CDSI"):
            self._watch.heard_hint()
            (self._inbox.hint if name == "+CMTI" else self._inbox.report_hint)(urc.value)
        elif name in FULL:
            self._watch.heard_full(name)
            self._wake.set()
        else:
            self._hear_of_itself(urc, self._watch)

    def _hear_of_itself(self, urc: Urc, watch: Watch) -> None:
        if urc.name in REGISTRATION:
            watch.registration_changed()
            self._wake.set()
        elif urc.name in BOOT:
            watch.suspect()
            self._stir()
            if self._second is not None:
                self._second.suspect()
            if self._stored is not None:
                self._stored.booted = True
        elif urc.name == "+CUSD" and self._credit is not None:
            self._credit.heard(urc.value, _now())
        elif urc.name in ("+CMGS", "+CMSS"):
            log.warning("modem.late_result", modem=self._settings.name, mr=urc.value)
            if urc.value.isdecimal():
                self._references.late(int(urc.value) % 256)
        else:
            log.debug("modem.unsolicited", modem=self._settings.name, name=urc.name)

    def _take_direct(self, urc: Urc, through: Session) -> None:
        if urc.body is not None:
            self._directs.take(Handed(urc.body.upper(), urc.name[1:].lower(), urc.value, through))
            return
        log.warning("modem.direct_message_torn", modem=self._settings.name, urc=urc.name)
        if self._inbox is not None:
            self._inbox.sweep()


def _now() -> float:
    return asyncio.get_running_loop().time()
