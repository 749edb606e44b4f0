"""The SIM's PIN: a wrong one is tried once, the last attempt is left to people, the PUK is never sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from gateway.modem import commands
from gateway.modem.answers import pin_state
from gateway.modem.errors import (
    AnswerUnreadable,
    CommandFailed,
    CommandRefused,
    CommandTimeout,
    ModemGone,
    SimBlocked,
)
from gateway.modem.identity import first
from gateway.modem.profiles import Profile
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings, PinMemory

log = structlog.get_logger()

_UNLOCKED: Final = {"READY", "SIM PIN2", "SIM PUK2"}  # PIN2 guards nothing that we use
_UNDECIDED: Final = {"BUSY", "NOT READY"}
_BLOCKED: Final = {
    10: "no SIM is inserted",
    12: "the SIM asks for its PUK: unlock it in a phone",
    13: "the SIM does not work",
    15: "the SIM is not accepted by this modem",
    16: "the SIM refused the PIN",
}
_BLOCKED_STATES: Final = {
    "SIM PUK": _BLOCKED[12],
    "NOT INSERTED": _BLOCKED[10],
    "SIM REMOVED": _BLOCKED[10],
    "SIM CRASH": _BLOCKED[13],
}


async def unlock(
    session: Session,
    settings: ModemSettings,
    *,
    sim: str,
    profile: Profile,
    memory: PinMemory,
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Return once the SIM is usable; raise `SimBlocked` with the sentence for the technician if it is not.

    `sim` names the SIM: its ICCID, or the modem where that cannot be read.
    """
    state = await _settled_state(session, settings.ready_wait, sleep)
    if state == "SIM PIN":
        await _enter(session, settings.pin, sim=sim, profile=profile, memory=memory)
        state = await _settled_state(session, settings.ready_wait, sleep, entered=True)
        if state in _UNLOCKED and settings.pin is not None:
            await memory.worked(sim, await _hashed(sim, settings.pin))
    if state not in _UNLOCKED:
        raise _blocked(state)


async def still_open(session: Session) -> bool:
    """Ask a SIM that was usable whether it still is; return whether the modem ends its answer in time.

    Raise `SimBlocked` where it needs a person, `ModemGone` where it wants its PIN again.
    """
    ended = True
    try:
        state = await _told(session)
    except CommandTimeout as exc:
        state, ended = pin_state(exc.lines) if exc.lines else "BUSY", False
    if state == "SIM PIN":
        raise ModemGone("the SIM asks for its PIN again")
    if state not in _UNLOCKED | _UNDECIDED:
        raise _blocked(state)
    return ended


def _blocked(state: str) -> SimBlocked:
    return SimBlocked(_BLOCKED_STATES.get(state, f"the SIM is not ready: it says {state}"))


async def _settled_state(
    session: Session, patience: float, sleep: Callable[[float], Awaitable[None]], *, entered: bool = False
) -> str:
    """Ask until the SIM has stopped being busy (5 to 20 s after its PIN), but not for ever."""
    waited = 0.0
    while True:
        state = await _state(session)
        if state not in _UNDECIDED and not (entered and state == "SIM PIN"):
            return state
        if waited >= patience:
            return state
        await sleep(1.0)
        waited += 1.0


async def _state(session: Session) -> str:
    try:
        return await _told(session)
    except CommandTimeout as exc:
        # Some modems answer +CPIN: READY and forget the OK.
        return pin_state(exc.lines) if exc.lines else "BUSY"


async def _told(session: Session) -> str:
    try:
        return await session.run(commands.PIN_STATE)
    except CommandRefused as exc:
        if exc.busy:
            return "BUSY"
        if exc.family == "CME" and exc.code in _BLOCKED:
            raise SimBlocked(_BLOCKED[exc.code]) from exc
        if exc.family == "CME" and "not inserted" in exc.text:
            raise SimBlocked(_BLOCKED[10]) from exc
        return "SIM PIN" if exc.family == "CME" and exc.code == 11 else "READY"  # no such command: no lock
    except AnswerUnreadable:
        return "BUSY"


async def _enter(session: Session, pin: str | None, *, sim: str, profile: Profile, memory: PinMemory) -> None:
    if pin is None:
        raise SimBlocked("the SIM asks for its PIN and none is configured")
    if not (pin.isdecimal() and 4 <= len(pin) <= 8):
        raise SimBlocked("the configured PIN is not a PIN: 4 to 8 digits")
    tries = await first(session, profile.tries_queries)
    if tries is not None and tries <= 1:
        raise SimBlocked(f"the SIM has {tries} PIN attempts left: enter the PIN in a phone, then try again")
    digest = await _hashed(sim, pin)
    if await memory.tried(sim, digest):
        raise SimBlocked(
            "this PIN was tried on this SIM before and did not open it: correct the configured PIN"
        )
    await memory.trying(sim, digest)
    log.info("modem.pin_entered", attempts_left=tries)
    try:
        await session.run(commands.enter_pin(pin))
    except CommandFailed as exc:
        raise SimBlocked(
            "the SIM refused the PIN: correct the configured PIN, it is not tried again"
        ) from exc


async def _hashed(sim: str, pin: str) -> str:
    """Return a salted, slow hash: a PIN has only ten thousand values. It takes 2 MB of memory."""
    digest = await asyncio.to_thread(
        hashlib.scrypt, pin.encode(), salt=sim.encode(), n=2**11, r=8, p=8, dklen=16
    )
    return digest.hex()
