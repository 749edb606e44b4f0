"""AT commands of the SIM (3GPP TS 27.007, 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.simulator.at import AtSyntaxError, Command, Op
from gateway.simulator.card import Lock
from gateway.simulator.commands_general import encode_string
from gateway.simulator.errors import Cme, CmeError, NoAnswer

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

Lines = Iterable[str]
ICCID_COMMANDS: Final = ("+CCID", "+ICCID", "^ICCID", "+QCCID")
_PUK_AND_PIN: Final = 2


def _require(modem: VirtualModem) -> None:
    modem.sim.require()
    if modem.sim_busy:
        raise CmeError(modem.sim.busy_code or Cme.SIM_BUSY)


def _imsi(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ()
    _require(modem)
    return [modem.sim.imsi]


def _iccid(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ()
    if not modem.sim.present:
        raise CmeError(Cme.NO_SIM)
    return [f"{command.name}: {modem.sim.iccid}"]


def _pin(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ()
    if command.op is Op.READ:
        return _pin_state(modem)
    if not command.args:
        raise AtSyntaxError
    if modem.sim.lock is Lock.PUK:
        if len(command.args) != _PUK_AND_PIN:
            raise CmeError(Cme.SIM_PUK)
        modem.sim.unblock(*command.args)
    else:
        modem.sim.enter(command.args[0])
    modem.unlocked()
    return ()


def _pin_state(modem: VirtualModem) -> Lines:
    if modem.sim.lock is Lock.ABSENT:
        raise CmeError(Cme.NO_SIM)
    if modem.sim.starting:
        raise CmeError(modem.sim.busy_code or Cme.SIM_BUSY)
    state = f"+CPIN: {modem.sim.lock}"
    if modem.persona.cpin_without_ok:
        modem.say(state)
        raise NoAnswer
    return [state]


def _tries(modem: VirtualModem, _command: Command) -> Lines:
    if modem.sim.lock is Lock.ABSENT:
        raise CmeError(Cme.NO_SIM)
    return [f"+CPINR: SIM PIN,{modem.sim.tries},3", f"+CPINR: SIM PUK,{modem.sim.puk_tries},10"]


def _lock(modem: VirtualModem, command: Command) -> Lines:
    if command.op is not Op.SET or command.args[:1] != ("SC",):
        raise CmeError(Cme.NOT_SUPPORTED)
    return [f"+CLCK: {int(bool(modem.sim.pin))}"]


def _own_number(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ()
    _require(modem)
    return [f"+CNUM: {encode_string(modem, '')},{encode_string(modem, modem.number)},145"]


TABLE: Final[Mapping[str, Callable[[VirtualModem, Command], Lines]]] = {
    **dict.fromkeys(ICCID_COMMANDS, _iccid),
    "+CIMI": _imsi,
    "+CPIN": _pin,
    "+CPINR": _tries,
    "+CLCK": _lock,
    "+CNUM": _own_number,
}
