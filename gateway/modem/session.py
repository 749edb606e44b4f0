"""The dialogue with one modem over one port: one command in flight, and in step after every mishap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import structlog

from gateway.modem.at import NOTHING, Answer, AtParser, Line, Noise, Prompt, Result, Urc
from gateway.modem.commands import Command
from gateway.modem.errors import (
    AnswerUnreadable,
    CommandRefused,
    CommandTimeout,
    CommandWithdrawn,
    ModemGone,
    TakesNothing,
)
from gateway.modem.port import Port
from gateway.modem.settings import Timeouts

T = TypeVar("T")

_ATTENTIONS: Final = ("AT", "ATE0")  # the emulator of Android answers to no AT alone
_ESC: Final = b"\x1b"
_TRIES: Final = 4  # without an answer before the link is given up

log = structlog.get_logger()


class Session:
    """Used once: after `ModemGone` nothing revives it.

    A time-out belongs to the command. After one the session gets back into step (ESC, AT, silence) before
    anything else is written, so that a late answer can never answer the next command; or it dies.
    """

    def __init__(
        self,
        port: Port,
        hear: Callable[[Urc], None],
        timeouts: Timeouts,
        stumbled: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Listen from now on; `hear` gets every unsolicited line, `stumbled` what was not answered."""
        self.timeouts = timeouts
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.noise = 0
        self.strange = 0  # lines of no known form
        self.unprompted = 0  # how often in a row there was no prompt
        self.forgot = False  # echo has come back: a restart may have passed unnoticed
        self.lapses = 0  # how often it may have restarted: it did not answer in time, or echoed again
        self._port = port
        self._hear = hear
        self.stumbled = stumbled
        self._turn = asyncio.Lock()
        self._attention = _ATTENTIONS[0]  # the one that was answered last
        self._parser = AtParser()
        self._waiter: asyncio.Future[Prompt | Result] | None = None
        self._deadline: asyncio.Timeout | None = None
        self._lines: list[str] = []
        self._then: float | None = None
        self._late: str | None = None  # the URC that resynchronising collects
        self._found: list[str] = []
        self._echoes: bool | None = None  # the latest command came back
        self._old = asyncio.Event()  # something came that nobody waits for
        self._out_of_step = True  # until proven otherwise: whoever had the port before may have left anything
        self.used_at = 0.0
        port.start(self._on_bytes, self._on_lost)

    @property
    def busy(self) -> bool:
        """Somebody holds the line."""
        return self._turn.locked()

    @property
    def unwritten(self) -> int:
        """Bytes that the modem has not taken yet."""
        return self._port.unwritten

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the latest answer so far."""
        return tuple(self._lines)

    @property
    def reason(self) -> ModemGone | None:
        """Why the link has died, if it has."""
        return self._grave() if self.lost.done() else None

    def close(self) -> None:
        """Give the port back and fail whoever waits."""
        self._port.close()
        self._on_lost(ModemGone("the link was closed"))

    def abandon(self, why: str) -> None:
        """End the link to a modem that takes no part; what it has not taken yet, it never gets."""
        self._die(TakesNothing(why))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the line for a dialogue of several steps; it starts in step."""
        async with self._turn:
            if self._out_of_step:
                await self.resynchronise()
            yield

    async def run(self, command: Command[T], permit: Callable[[], bool] = lambda: True) -> T:
        """Run `command` and return its parsed answer; raise `CommandFailed` or `ModemGone`.

        `permit` is asked in the very step that writes it; where it refuses, nothing is written.
        """
        seconds = command.seconds(self.timeouts)
        async with self.turn():
            if not permit():
                raise CommandWithdrawn(command.name)
            try:
                result = await self.ask(command.encode(), command.answer, seconds)
            except TimeoutError:
                lines = self.lines
                self.stumbled(f"{command.name} was not answered")
                await self.resynchronise()
                raise CommandTimeout(command.name, seconds, lines) from None
            lines = self.lines
        if not isinstance(result, Result) or not result.ok:
            raise refusal(command.name, result)
        try:
            return command.parse(lines)
        except AnswerUnreadable:
            self._out_of_step = True  # it may have been the OK of an earlier command
            raise

    async def ask(
        self, data: bytes, answer: Answer, seconds: float, then: float | None = None
    ) -> Prompt | Result:
        """Write `data` in this very step and wait for a prompt or a final result.

        Once a line of the answer is there the rest must follow within `then` seconds.
        Only inside `turn`. Raise `TimeoutError` (the caller resynchronises) or `ModemGone`.
        """
        loop = asyncio.get_running_loop()
        if self.lost.done():
            raise self._grave()
        waiter: asyncio.Future[Prompt | Result] = loop.create_future()
        self._waiter = waiter
        self._lines = []
        self._parser.expect(answer)
        self._out_of_step = True
        try:
            self._port.write(data, self.timeouts.stall)
            async with asyncio.timeout(seconds) as deadline:
                self._deadline, self._then = deadline, then
                event = await waiter
            self._out_of_step = False
            self._note_echo(self._parser.echoed)
        finally:
            self._waiter = self._deadline = None
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # seen, also where the write itself raised the same
            self._parser.expect(NOTHING)
            self.used_at = loop.time()
        return event

    def _note_echo(self, echoes: bool) -> None:
        if echoes and self._echoes is False:
            self.forgot = True
            self.lapses += 1
        self._echoes = echoes

    def hurry(self, seconds: float) -> None:
        """Give the command in flight no more than `seconds` from now."""
        deadline = self._deadline
        if deadline is not None and not deadline.expired():
            soon = asyncio.get_running_loop().time() + seconds
            deadline.reschedule(min(soon, deadline.when() or soon))

    async def listen(self, name: str, seconds: float) -> tuple[str, ...]:
        """Wait up to `seconds` for lines `name`; return their values. Only inside `turn`."""
        self._late, self._found = name, []
        try:
            await self._outwait(seconds)
        finally:
            self._late = None
        return tuple(self._found)

    async def resynchronise(self, quiet: float | None = None, late: str | None = None) -> tuple[str, ...]:
        """Leave a prompt, get the modem's attention, outwait old answers; raise `ModemGone` if it is deaf.

        Return the values of the lines named `late` (such as "+CMGS") that came meanwhile.
        """
        self.lapses += 1
        self._late, self._found = late, []
        try:
            await self._call()
            await self._outwait(self.timeouts.quiet if quiet is None else quiet)
        finally:
            self._late = None
        self._out_of_step = False
        return tuple(self._found)

    async def _call(self) -> None:
        for _ in range(_TRIES):
            self._port.write(_ESC, self.timeouts.stall)
            await asyncio.sleep(self.timeouts.hush)
            self._port.write(b"\r", self.timeouts.stall)
            call = self._attention
            try:
                await self.ask(f"{call}\r".encode(), Answer(echo=call), self.timeouts.wake)
            except TimeoutError:
                self._attention = _ATTENTIONS[call == _ATTENTIONS[0]]
                self.forgot |= self._echoes is False  # ATE0 may end the echo that would tell of a restart
                continue
            return
        raise self._die(ModemGone(f"the modem on {self._port.path} does not answer"))

    async def _outwait(self, quiet: float) -> None:
        """Wait until nothing old has come for `quiet` seconds; what we wanted makes the rest short."""
        for _ in range(_TRIES):
            self._old.clear()
            try:
                async with asyncio.timeout(self.timeouts.quiet if self._found else quiet):
                    await self._old.wait()
            except TimeoutError:
                return

    def _on_bytes(self, data: bytes) -> None:
        for event in self._parser.feed(data):
            match event:
                case Line(text):
                    self._on_line(text)
                case Result() | Prompt():
                    self._on_end(event)
                case Urc():
                    self._on_urc(event)
                case Noise(size):
                    self.noise += size
                    log.warning("modem.noise", port=self._port.path, bytes=size)

    def _on_urc(self, event: Urc) -> None:
        if self._late is not None and event.name == self._late:
            self._found.append(event.value)
            self._old.set()
        else:
            self.strange += not event.name
            self._hear(event)

    def _on_line(self, text: str) -> None:
        self._lines.append(text)
        if self._then is not None:
            self.hurry(self._then)

    def _on_end(self, event: Prompt | Result) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(event)
        else:
            self._old.set()
            log.info("modem.stray_result", port=self._port.path, result=getattr(event, "text", ">"))

    def _on_lost(self, reason: ModemGone) -> None:
        if not self.lost.done():
            self.lost.set_exception(reason)
            self.lost.exception()  # seen: whoever awaits it raises it, nobody else is warned
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._grave())

    def _die(self, reason: ModemGone) -> ModemGone:
        self._port.close()
        self._on_lost(reason)
        return reason

    def _grave(self) -> ModemGone:
        exc = self.lost.exception()
        return exc if isinstance(exc, ModemGone) else ModemGone("the link is closed")


def refusal(name: str, event: Prompt | Result) -> CommandRefused:
    """Return the error for a final result that is not OK (or a prompt where none belongs)."""
    if isinstance(event, Prompt):
        return CommandRefused(name, "", None, "unexpected prompt")
    return CommandRefused(name, event.family, event.code, event.text)
