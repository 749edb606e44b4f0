"""What can go wrong with a modem: one small class per fault, found by name in `FAULTS`.

A fault hooks into the few places where a modem meets the outside (see `Fault`) and marks itself `spent`
when it has done what its parameters ask for. To add one: write a class, give it a name in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.simulator.fault import Fault
from gateway.simulator.faults_babble import Babble
from gateway.simulator.faults_card import LoseCmti, NoSim, SimBusy, SimPin, SimPuk, StoreFull, SwapSim
from gateway.simulator.faults_lies import Lie, Tear
from gateway.simulator.faults_link import (
    Deaf,
    Echo,
    Hang,
    Noise,
    Reset,
    SecondDeaf,
    SecondGone,
    Stall,
    Unplug,
)
from gateway.simulator.faults_radio import (
    Deregister,
    LatePrompt,
    LateResult,
    LoseResult,
    Misreport,
    NoPrompt,
    Refuse,
    ResetAt,
)

FAULTS: Final[Mapping[str, Callable[..., Fault]]] = {
    "hang": Hang,
    "lose_result": LoseResult,
    "misreport": Misreport,
    "late_result": LateResult,
    "cms": Refuse,
    "no_prompt": NoPrompt,
    "late_prompt": LatePrompt,
    "deaf": Deaf,
    "unplug": Unplug,
    "stall": Stall,
    "noise": Noise,
    "babble": Babble,
    "lie": Lie,
    "tear": Tear,
    "reset": Reset,
    "reset_at": ResetAt,
    "echo": Echo,
    "second_deaf": SecondDeaf,
    "second_gone": SecondGone,
    "store_full": StoreFull,
    "lose_cmti": LoseCmti,
    "sim_pin": SimPin,
    "puk": SimPuk,
    "sim_busy": SimBusy,
    "swap_sim": SwapSim,
    "no_sim": NoSim,
    "deregister": Deregister,
}
