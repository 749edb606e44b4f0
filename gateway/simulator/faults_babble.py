"""A modem that speaks without being asked: what modems of all makes were heard to say by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Final

from gateway.simulator.fault import Fault

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

BABBLE: Final = (
    # Huawei
    "^BOOT:35323129,0,0,0,26", "^RSSI:14", "^RSSILVL:80", '^HCSQ:"LTE",30,19,66,0', "^MODE:5,4", "^SYSSTART",
    "^SRVST:2", "^SIMST:1", "^STIN:7,0,0", "^NWTIME: 18/03/09,12:36:21+4,00", "^CSNR:1,2", "^LWURC:1",
    "^DSFLOWRPT:0000000A,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800",
    '^EONS:5,"00101","Virtual GSM"', '^NDISSTAT:1,,,"IPV4"', '^SMMEMFULL:"SM"', "^ORIG:1,0", "^CONF:1",
    "^CONN:1,0", "^CEND:1,0,104,16",
    # SIMCom
    "RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready", "UNDER-VOLTAGE WARNNING", "SMS DONE",
    "PB DONE", "NORMAL POWER DOWN", "+NITZ: 26/09/01,08:30:00+4", "*ATREADY: 1", "+SMS FULL",
    '+MSTK: 11,"D0098103"', '*PSUTTZ: 2026,9,1,8,30,0,"+4",0', "DST: 0",
    # Quectel
    "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE", "POWERED DOWN", "+QGPSURC: 0",
    # ZTE
    "+ZUSIMR:2", '+ZDONR: "Virtual",001,01,"CS_PS","ROAM_OFF"', "+ZEND", '+ZPASR: "UMTS"',
    # Cinterion, Sierra, Wavecom
    "^SHUTDOWN", "+CIEV: 2,4", "^SMGO: 1", "*PSSTK: 0", "+WIND: 4",
    # all
    "RING", "+CRING: VOICE", '+CLIP: "+447700900123",145,,,,0', "NO CARRIER", '+CUSD: 0,"OK BOOK NOW",15',
    "+CREG: 1", '+CGREG: 1,"CE00","00005449"', "+CEREG: 0", "+CTZV: 0", "+CIEV: 7,1",
    # of no make at all
    "MODEM STARTUP", "OKAY, SEE YOU AT 5", "> ", "\xff\xfe\x00", "^", "+", "AT+CMGS=23",
)  # fmt: skip


@dataclass(slots=True)
class Babble(Fault):
    """It says a line of `BABBLE` every so many seconds, and one before each line of an answer."""

    every: float = 0.05
    seconds: float | None = None
    said_so_far: int = field(default=0, init=False)
    _lines: cycle[str] = field(default_factory=lambda: cycle(BABBLE), init=False, repr=False)
    _tick: asyncio.TimerHandle | None = field(default=None, init=False, repr=False)

    def start(self, modem: VirtualModem) -> None:
        """Begin."""
        self._end_after(modem, self.seconds)
        self._speak(modem)

    def stop(self, _modem: VirtualModem) -> None:
        """Fall silent."""
        self._cancel_timer()
        if self._tick is not None:
            self._tick.cancel()

    def said(self, _modem: VirtualModem, data: bytes, *, urc: bool) -> bytes:
        """Say a line before the modem's own."""
        if urc or not data.startswith(b"\r\n"):
            return data
        return self._line() + data

    def _speak(self, modem: VirtualModem) -> None:
        self._tick = asyncio.get_running_loop().call_later(self.every, self._speak, modem)
        if modem.awake:
            modem.first.wire.write(self._line())

    def _line(self) -> bytes:
        self.said_so_far += 1
        return f"\r\n{next(self._lines)}\r\n".encode("latin-1")
