"""What strikes the modems of a life: each fault of the virtual modem, and what a person then does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.simulator import VirtualModem
from gateway.simulator.card import PIN_TRIES
from tests.system.test_faults_lies import LIES

PIN: Final = "4711"
PERSON: Final = (2.0, 20.0)  # seconds until somebody comes, from, to
_OF_ITS_OWN: Final = tuple(lie for lie in LIES.values() if "+CMGS: " not in lie.get("text", ""))

Draw = Callable[[random.Random], dict[str, Any]]
Table = Mapping[str, tuple[int, Draw]]  # name -> how often, and with which parameters

FAULTS: Final[Table] = {
    "hang": (3, lambda r: {"seconds": r.uniform(0.3, 4), "lose": r.random() < 0.6, "urcs": r.random() < 0.3}),
    "lose_result": (3, lambda r: {"sent": r.random() < 0.7}),
    "misreport": (2, lambda r: {"code": r.choice((332, 500))}),
    "late_result": (3, lambda r: {"seconds": r.uniform(0.2, 5)}),
    "cms": (4, lambda r: {"code": r.choice((1, 21, 30, 38, 42, 8, 331, 500)), "count": r.randint(1, 2)}),
    "no_prompt": (1, lambda _: {}),
    "late_prompt": (2, lambda r: {"seconds": r.uniform(0.2, 3)}),
    "deaf": (1, lambda _: {}),
    "unplug": (3, lambda r: {"seconds": r.uniform(0.2, 3), "sent": r.random() < 0.5}),
    "stall": (1, lambda _: {}),
    "noise": (3, lambda r: {"kind": r.choice(("urc", "bytes", "chop")), "seconds": r.uniform(1, 5)}),
    "babble": (1, lambda r: {"seconds": r.uniform(1, 5)}),
    "lie": (3, lambda r: r.choice(_OF_ITS_OWN)),
    "tear": (2, lambda r: {"characters": r.randint(1, 9)}),
    "reset": (2, lambda r: {"silent": r.random() < 0.3}),
    "echo": (1, lambda _: {}),
    "store_full": (1, lambda r: {"free": r.randint(0, 3)}),
    "lose_cmti": (2, lambda r: {"count": r.randint(1, 3)}),
    "sim_pin": (1, lambda _: {"pin": PIN}),
    "puk": (1, lambda _: {}),
    "sim_busy": (1, lambda r: {"seconds": r.uniform(0.5, 3)}),
    "swap_sim": (1, lambda r: {"serial": r.randint(900, 999), "only_imsi": r.random() < 0.5}),
    "no_sim": (1, lambda r: {"seconds": r.uniform(0.5, 2)}),
    "deregister": (2, lambda r: {"seconds": r.uniform(0.5, 3), "stat": r.choice((0, 2, 3))}),
}
SECOND: Final[Table] = {  # where the modems have a second port
    "second_deaf": (2, lambda r: {"seconds": r.uniform(0.5, 8)}),
    "second_gone": (2, lambda r: {"seconds": r.uniform(0.2, 3)}),
}
STORED: Final[Table] = {  # where parts go by way of the memory
    "reset_at": (2, lambda r: {"command": r.choice(("AT+CMGW", "AT+CMSS"))}),
}


@dataclass(slots=True)
class Strikes:
    """Lets faults strike modems, and sends for somebody where no gateway can help itself."""

    chance: random.Random
    known: Table
    _coming: dict[str, tuple[asyncio.TimerHandle, Callable[[], None]]] = field(default_factory=dict)
    _renamed: int = 0

    def strike(self, modem: VirtualModem) -> str:
        """Let some fault strike; return its name, or nothing where the modem is out of power or waits."""
        names, weights = list(self.known), [often for often, _ in self.known.values()]
        (name,) = self.chance.choices(names, weights)
        drawn = self.known[name][1](self.chance)
        if name == "unplug" and self.chance.random() < 0.5:
            self._renamed += 1
            drawn["back_as"] = f"{modem.name}-as-{self._renamed}"
        unplugged = any(type(fault).__name__ == "Unplug" for fault in modem.faults)
        if not modem.wire.plugged or unplugged or modem.name in self._coming:
            return ""
        if name in _REMEDIES:
            if modem.faults:
                return ""
            self._send_for_somebody(modem, _REMEDIES[name](modem))
        modem.fault(name, **drawn)
        return name

    def end(self, modems: Iterable[VirtualModem]) -> None:
        """End every fault; whoever is on the way arrives."""
        for timer, remedy in self._coming.values():
            timer.cancel()
            remedy()
        self._coming.clear()
        for modem in modems:
            modem.clear_faults()

    def _send_for_somebody(self, modem: VirtualModem, remedy: Callable[[], None]) -> None:
        def arrive() -> None:
            del self._coming[modem.name]
            remedy()

        timer = asyncio.get_running_loop().call_later(self.chance.uniform(*PERSON), arrive)
        self._coming[modem.name] = timer, remedy


def _pull_and_put_back(modem: VirtualModem) -> Callable[[], None]:
    def do() -> None:
        modem.clear_faults()
        modem.fault("unplug", seconds=0.5)

    return do


def _unlock(modem: VirtualModem) -> Callable[[], None]:
    def do() -> None:
        modem.sim.tries, modem.sim.pin = PIN_TRIES, None
        modem.reset()

    return do


def _put_its_sim_back(modem: VirtualModem) -> Callable[[], None]:
    card, subscriber = modem.sim, modem.sim.subscriber

    def do() -> None:
        modem.sim = card
        modem.sim.subscriber = subscriber
        modem.reset()

    return do


_REMEDIES: Final[Mapping[str, Callable[[VirtualModem], Callable[[], None]]]] = {
    "deaf": _pull_and_put_back,
    "puk": _unlock,
    "sim_pin": _unlock,
    "swap_sim": _put_its_sim_back,
}
