"""Who is on the line: the modem and its SIM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from gateway.modem import commands
from gateway.modem.commands import Command
from gateway.modem.errors import CommandFailed, CommandRefused, SimBlocked
from gateway.modem.link import Sleep
from gateway.modem.session import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Equipment:
    """The modem itself."""

    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    imei: str = ""


async def attempt(session: Session, command: Command[T]) -> T | None:
    """Run `command`; None where the modem refuses it or talks nonsense."""
    try:
        return await session.run(command)
    except CommandFailed:
        return None


async def patiently(session: Session, command: Command[T], seconds: float, sleep: Sleep) -> T | None:
    """Do as `attempt` does, but try again while the SIM is busy; raise `SimBlocked` after so long."""
    waited = 0.0
    while True:
        try:
            return await session.run(command)
        except CommandRefused as exc:
            if not exc.busy:
                return None
        except CommandFailed:
            return None
        if waited >= seconds:
            raise SimBlocked("the SIM is not ready: it stays busy")
        await sleep(1.0)
        waited += 1.0


async def first(session: Session, choices: Iterable[Command[T]]) -> T | None:
    """Return the first answer that any of `choices` brings."""
    for command in choices:
        if (answer := await attempt(session, command)) is not None:
            return answer
    return None


async def equipment(session: Session) -> Equipment:
    """Ask the modem for its names; what it does not tell stays empty."""
    return Equipment(
        manufacturer=await attempt(session, commands.MANUFACTURER) or "",
        model=await attempt(session, commands.MODEL) or "",
        firmware=await attempt(session, commands.FIRMWARE) or "",
        imei=await attempt(session, commands.IMEI) or "",
    )


async def card(session: Session, before: Iterable[Command[str]] = ()) -> str:
    """Return the SIM's ICCID, which can be read before any PIN; empty where it is not told.

    What the modem's profile names is tried `before` the usual commands.
    """
    own = {command.text: command for command in before}
    usual = (command for command in commands.CARD_NUMBERS if command.text not in own)
    return await first(session, (*own.values(), *usual)) or ""
