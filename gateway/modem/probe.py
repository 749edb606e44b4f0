"""`schoolgate modem probe`: look at a port without changing anything on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.modem import commands
from gateway.modem.answers import Carrier, Memory, pin_state
from gateway.modem.errors import CommandFailed, CommandTimeout
from gateway.modem.identity import Equipment, attempt, card, equipment, first
from gateway.modem.port import open_port
from gateway.modem.profiles import profile_for
from gateway.modem.session import Session
from gateway.modem.settings import Timeouts


@dataclass(frozen=True, slots=True)
class Probe:
    """What answers at a port."""

    port: str
    equipment: Equipment
    profile: str
    pin_state: str  # READY, SIM PIN, SIM PUK … or the modem's error
    pin_tries: int | None
    iccid: str
    imsi: str
    smsc: str
    registrations: dict[str, str]  # CREG, CGREG, CEREG: the domains that answer
    network: Carrier
    signal_dbm: int | None
    memories_offered: tuple[tuple[str, ...], ...]  # to read from, to write to, to receive into
    memories: tuple[Memory, ...]
    notifications_offered: tuple[frozenset[int], ...]
    notifications: tuple[int, ...]

    @property
    def registered(self) -> bool:
        """Some domain is home or roaming."""
        return not {"home", "roaming"}.isdisjoint(self.registrations.values())


async def probe(path: str, baud: int = 115200, timeouts: Timeouts | None = None) -> Probe:
    """Open `path` and ask; raise `ModemGone` or one of its kin if nothing answers there."""
    timeouts = timeouts or Timeouts()
    port = await open_port(path, baud, timeouts.open)
    session = Session(port, lambda _: None, timeouts)
    try:
        return await _ask(path, session)
    finally:
        session.close()
        await asyncio.sleep(0)  # let the loop forget the descriptor


async def _ask(path: str, session: Session) -> Probe:
    machine = await equipment(session)
    profile = profile_for(machine.manufacturer, machine.model)
    tries = await first(session, profile.tries_queries)
    return Probe(
        port=path,
        equipment=machine,
        profile=profile.name,
        pin_state=await _pin_state(session),
        pin_tries=tries,
        iccid=await card(session, profile.card_queries),
        imsi=await attempt(session, commands.IMSI) or "",
        smsc=await attempt(session, commands.SMSC) or "",
        registrations=await _registrations(session),
        network=await attempt(session, commands.NETWORK) or Carrier(),
        signal_dbm=await attempt(session, commands.SIGNAL),
        memories_offered=await attempt(session, commands.MEMORIES) or (),
        memories=await attempt(session, commands.MEMORY) or (),
        notifications_offered=await attempt(session, commands.NOTIFICATION_RANGES) or (),
        notifications=await attempt(session, commands.NOTIFICATIONS) or (),
    )


async def _pin_state(session: Session) -> str:
    try:
        return await session.run(commands.PIN_STATE)
    except CommandTimeout as exc:
        return pin_state(exc.lines) if exc.lines else "no answer"
    except CommandFailed as exc:
        return str(exc)


async def _registrations(session: Session) -> dict[str, str]:
    found: dict[str, str] = {}
    for domain, command in commands.REGISTRATIONS.items():
        if (registration := await attempt(session, command)) is not None:
            found[domain] = registration.word
    return found
