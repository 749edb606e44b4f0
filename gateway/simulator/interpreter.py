"""The part of a modem that reads command lines, answers them, and prompts."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gateway.simulator import commands
from gateway.simulator.at import AtError, Body, Command, Typed, parse_line
from gateway.simulator.errors import NoAnswer
from gateway.simulator.ledger import Kind

if TYPE_CHECKING:
    from gateway.simulator.channel import Channel
    from gateway.simulator.modem import VirtualModem

PROMPT: Final = b"\r\n> "


class Interpreter:
    """One power cycle of the command interpreter behind a port; a restart makes a new one."""

    def __init__(self, modem: VirtualModem, channel: Channel) -> None:
        self._modem = modem
        self._channel = channel
        self._typed = Typed()
        self._wake = asyncio.Event()

    def type(self, data: bytes) -> None:
        """Take bytes from the wire."""
        self._typed.feed(data)
        self._wake.set()

    async def run(self) -> None:
        """Answer command lines, one at a time, until cancelled."""
        modem = self._modem
        while True:
            line = await self._line()
            modem.ledger.note(Kind.COMMAND, modem.name, line=line)
            if modem.timing.answer:
                await asyncio.sleep(modem.timing.answer)
            await self._answer(line)
            modem.radio.finished()

    async def ask(self) -> Body:
        """Prompt, and return what was typed up to Ctrl-Z or ESC."""
        modem, delay = self._modem, self._prompt_delay()
        if delay:
            await asyncio.sleep(delay)
        if delay is not None:
            self._channel.write(PROMPT)
            modem.ledger.note(Kind.PROMPT, modem.name)
        body = await self._body()
        if not body.sent:
            modem.ledger.note(Kind.PDU_ABORTED, modem.name)
        return body

    def _prompt_delay(self) -> float | None:
        delay: float | None = self._modem.timing.prompt
        for fault in tuple(self._modem.faults):
            delay = fault.prompt(self._modem, delay)
        self._modem.drop_spent_faults()
        return delay

    async def _line(self) -> str:
        while True:
            echo, line = self._typed.take_line()
            self._echo(echo)
            if line is not None:
                return line
            await self._typing()

    async def _body(self) -> Body:
        started = False
        while True:
            echo, body = self._typed.take_body()
            if not started and (echo or body):
                started = True
                self._modem.ledger.note(Kind.PDU_STARTED, self._modem.name)
            self._echo(echo)
            if body is not None:
                return body
            if self._channel.settings.text_mode:
                self._channel.write(PROMPT * echo.count(b"\r"))
            await self._typing()

    async def _typing(self) -> None:
        self._wake.clear()
        await self._wake.wait()

    def _echo(self, data: bytes) -> None:
        if data and self._channel.settings.echo:
            self._channel.write(data)

    async def _answer(self, line: str) -> None:
        try:
            for command in parse_line(line):
                for text in await self._execute(command):
                    self._channel.say(text)
        except NoAnswer:
            return
        except AtError as error:
            self._final(error.render(self._channel.settings.cmee), "4")
        else:
            self._final("OK", "0")

    async def _execute(self, command: Command) -> Iterable[str]:
        handler = commands.find(self._modem.persona, command)
        answer = handler(self._modem, command)
        return await answer if inspect.isawaitable(answer) else answer

    def _final(self, text: str, digit: str) -> None:
        if self._channel.settings.verbose:
            self._channel.say(text)
        else:
            self._channel.write(f"{digit}\r".encode())
