"""`schoolgate modem record`: the driver's own dialogue with a modem, as a transcript about nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import serial

from gateway.model import Clock, RawSms
from gateway.modem.connection import Connection
from gateway.modem.disguise import Disguise
from gateway.modem.errors import ModemGone
from gateway.modem.port import Port, open_port
from gateway.modem.profiles import profile_for
from gateway.modem.reader import NothingTaken
from gateway.modem.references import References
from gateway.modem.settings import ModemSettings
from gateway.modem.transcript import Recorder, Transcript


class _Tapped(Port):
    """A port that lets a recorder see what passes."""

    def __init__(self, recorder: Recorder, path: str, device: serial.Serial) -> None:
        super().__init__(path, device)
        self._recorder = recorder

    def start(self, heard: Callable[[bytes], None], lost: Callable[[ModemGone], None]) -> None:
        def both(data: bytes) -> None:
            self._recorder.heard(data)
            heard(data)

        super().start(both, lost)

    def write(self, data: bytes, stall: float = 10.0) -> None:
        self._recorder.wrote(data)
        super().write(data, stall)


class _Refusing:
    """A sink and a memory of PINs that take nothing."""

    async def received(self, messages: Sequence[RawSms]) -> None:
        raise NothingTaken(f"{len(messages)} messages stay where they are")

    async def tried(self, sim: str, pin_hash: str) -> bool:  # noqa: ARG002 - a protocol's
        return True

    async def trying(self, sim: str, pin_hash: str) -> None:  # noqa: ARG002 - likewise
        raise NothingTaken("no PIN is entered here")

    async def worked(self, sim: str, pin_hash: str) -> None:
        """Forget nothing."""


async def record(path: str, baud: int, stop: asyncio.Event, clock: Clock) -> tuple[Transcript, str]:
    """Bring the modem at `path` up as the gateway would, listen, and return what was said, about nobody.

    Until `stop` is set. Messages stay on the SIM, though the modem marks them as read; no PIN is entered.
    The second value says why the link ended before that, if it did. Raises `ModemGone` where no port can be
    opened, or nothing answers at it.
    """
    recorder, facts, refusing = Recorder(), dict[str, Any](), _Refusing()
    settings = ModemSettings(name="recorded", port=path, baud=baud, second_port="none")
    port = await open_port(path, baud, settings.timeouts.open, partial(_Tapped, recorder))
    connection = Connection(
        settings,
        port,
        sink=refusing,
        clock=clock,
        sleep=asyncio.sleep,
        report=facts.update,
        changed=_nothing,
        references=References(_nothing),
        stumbled=_nothing,
    )
    why = await _until(stop, connection.run(known_card="", memory=refusing))
    if not recorder.answered:
        raise ModemGone(why or f"nothing answered at {path}: try its other ports, or another --baud")
    disguise = Disguise()
    exchanges = disguise.exchanges(recorder.exchanges)
    return Transcript(_about(facts, clock(), disguise), exchanges), why


async def _until(stop: asyncio.Event, life: Coroutine[Any, Any, None]) -> str:
    """Let a link live until `stop`; return why it ended by itself, if it did."""
    living, waiting = asyncio.create_task(life), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        ended = living.done()
        living.cancel()
        (result,) = await asyncio.gather(living, return_exceptions=True)
    if isinstance(result, ModemGone):
        return str(result) if ended else ""
    if isinstance(result, Exception):
        raise result
    return ""


def _about(facts: dict[str, Any], now: datetime, disguise: Disguise) -> dict[str, str]:
    maker, model, firmware = (
        disguise.name(facts.get(fact, "")) for fact in ("manufacturer", "model", "firmware")
    )
    return {
        "source": f"recorded by schoolgate modem record on {now:%Y-%m-%d}",
        "manufacturer": maker or "not told",
        "model": model or "not told",
        "firmware": firmware or "not told",
        "profile": profile_for(maker, model).name,
    }


def _nothing(*_: object) -> None:
    """Tell nobody."""
