"""The language of AT commands, without a port: bytes typed -> command lines -> commands -> answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CTRL_Z: Final = 0x1A
ESC: Final = 0x1B
_CR, _LF, _BACKSPACE = 0x0D, 0x0A, 0x08
_MAX_TYPED: Final = 4096


class Op(StrEnum):
    """The four forms of a command (3GPP TS 27.007, 4.2)."""

    RUN = ""
    READ = "?"
    TEST = "=?"
    SET = "="


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a line, its arguments without quotes."""

    name: str
    op: Op = Op.RUN
    args: tuple[str, ...] = ()

    def number(self, position: int, default: int | None = None) -> int:
        """Return an argument as a number; absent or empty is `default`."""
        text = self.args[position] if position < len(self.args) else ""
        if text.isdecimal():
            return int(text)
        if text or default is None:
            raise AtSyntaxError(f"{self.name}: argument {position + 1} is {text!r}")
        return default


class AtError(Exception):
    """A final result other than OK."""

    def render(self, _level: int) -> str:
        """Return the result line at this level of `+CMEE`."""
        return "ERROR"


class AtSyntaxError(AtError):
    """Not a command, or one with impossible arguments."""


_EXTENDED = re.compile(r"([+^*$%#][A-Z][A-Z0-9_]*)(=\?|\?|=((?:\"[^\"]*\"|[^;\"])*))?(;|$)", re.IGNORECASE)
_BASIC = re.compile(r"(D)(.*)|(S\d+)(\?|=\d*)|([A-Z]|&[A-Z])(\d*)", re.IGNORECASE)
_ARGUMENT = re.compile(r"\s*(?:\"([^\"]*)\"|([^,]*?))\s*(?:,|$)")


def parse_line(line: str) -> tuple[Command, ...]:
    """Split what follows `AT` into commands: `E0V1+CMEE=1;+CREG=2` is four."""
    rest, commands = line.replace(" ", "") if '"' not in line else line.strip(), []
    while rest:
        match = _EXTENDED.match(rest) or _BASIC.match(rest)
        if match is None:
            raise AtSyntaxError(rest)
        commands.append(_extended(match) if match.re is _EXTENDED else _basic(match))
        rest = rest[match.end() :].lstrip(" ;")
    return tuple(commands)


def _extended(match: re.Match[str]) -> Command:
    name, form, arguments = match[1].upper(), match[2] or "", match[3]
    if form in {"", "?", "=?"}:
        return Command(name, Op(form))
    return Command(name, Op.SET, _arguments(arguments))


def _arguments(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    found = list(_ARGUMENT.finditer(text + ","))
    return tuple(m[1] if m[1] is not None else m[2] for m in found if m.end() > m.start())


def _basic(match: re.Match[str]) -> Command:
    if match[1]:
        return Command("D", Op.SET, (match[2],))
    if match[3]:
        return Command(match[3].upper(), Op.READ if match[4] == "?" else Op.SET, (match[4][1:],))
    return Command(match[5].upper(), Op.SET if match[6] else Op.RUN, (match[6],) if match[6] else ())


@dataclass(frozen=True, slots=True)
class Body:
    """What was typed at the prompt, up to Ctrl-Z (`sent`) or ESC."""

    text: str
    sent: bool


class Typed:
    """Bytes that the client typed and the modem has not yet taken. Owns no port and no clock."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._taken = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire; beyond a modem's buffer they are lost."""
        self._waiting += data[: _MAX_TYPED - len(self._waiting)]

    def clear(self) -> None:
        """Forget everything typed."""
        self._waiting.clear()
        self._taken.clear()

    @property
    def started(self) -> bool:
        """Say whether something was typed since the last line or body."""
        return bool(self._taken)

    def take_line(self) -> tuple[bytes, str | None]:
        """Return the bytes to echo and, once its CR was typed, the command line after `AT`."""
        echo = bytearray()
        while self._waiting:
            byte = self._waiting.pop(0)
            if byte in {CTRL_Z, ESC}:
                self._taken.clear()
                continue
            echo.append(byte)
            if byte == _CR:
                line = self._taken.decode("ascii", "ignore")
                self._taken.clear()
                at = line.upper().find("AT")
                if at >= 0:
                    return bytes(echo), line[at + 2 :]
            elif byte == _BACKSPACE:
                del self._taken[-1:]
            elif byte >= 0x20 and len(self._taken) < _MAX_TYPED:
                self._taken.append(byte)
        return bytes(echo), None

    def take_body(self) -> tuple[bytes, Body | None]:
        """Return the bytes to echo and, once Ctrl-Z or ESC was typed, the body."""
        for position, byte in enumerate(self._waiting):
            if byte in {CTRL_Z, ESC}:
                echo = bytes(self._waiting[:position])
                del self._waiting[: position + 1]
                text = (self._taken + echo).decode("latin-1")
                self._taken.clear()
                return echo, Body(text, byte == CTRL_Z)
        echo = bytes(self._waiting)
        self._taken += echo[: _MAX_TYPED - len(self._taken)]
        self._waiting.clear()
        return echo, None
