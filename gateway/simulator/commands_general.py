"""AT commands of the equipment and the network (3GPP TS 27.007, V.25ter)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.simulator import charset
from gateway.simulator.at import AtError, AtSyntaxError, Command, Op
from gateway.simulator.errors import Cme, CmeError, NoAnswer
from gateway.sms import alphabet, octets

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

Lines = Iterable[str]
OPERATOR, OPERATOR_CODE = "Virtual GSM", "00101"
_NUMERIC: Final = 2


class NoCarrier(AtError):
    """A call that cannot be made: this modem does not telephone."""

    def render(self, _level: int) -> str:
        """Return the line."""
        return "NO CARRIER"


def encode_string(modem: VirtualModem, text: str) -> str:
    """Return a quoted string in the character set of `+CSCS`."""
    return f'"{charset.encode(modem.settings.charset, text)}"'


def decode_string(modem: VirtualModem, command: Command, position: int = 0) -> str:
    """Return a string argument that was written in the character set of `+CSCS`."""
    try:
        return charset.decode(modem.settings.charset, command.args[position])
    except (IndexError, ValueError):
        raise AtSyntaxError(f"{command.name}: no string at position {position + 1}") from None


def kept(allowed: str, after_power_up: int, shown_too: str = "") -> Callable[[VirtualModem, Command], Lines]:
    """Return what answers a setting that is kept, shown, and of no effect here."""

    def answer(modem: VirtualModem, command: Command) -> Lines:
        if command.op is Op.TEST:
            return [f"{command.name}: {allowed}"]
        if command.op is Op.READ:
            return [f"{command.name}: {modem.settings.notify.get(command.name, after_power_up)}{shown_too}"]
        modem.settings.notify[command.name] = command.number(0, after_power_up)
        return ()

    return answer


def _accept(_modem: VirtualModem, _command: Command) -> Lines:
    return ()


def _echo(modem: VirtualModem, command: Command) -> Lines:
    modem.settings.echo = command.number(0, 0) == 1
    return ()


def _verbose(modem: VirtualModem, command: Command) -> Lines:
    modem.settings.verbose = command.number(0, 0) == 1
    return ()


def _default(modem: VirtualModem, _command: Command) -> Lines:
    modem.forget_settings()
    return ()


def _dial(_modem: VirtualModem, _command: Command) -> Lines:
    raise NoCarrier


def _register(_modem: VirtualModem, command: Command) -> Lines:
    return ["000"] if command.op is Op.READ else ()


def _identify(modem: VirtualModem, _command: Command) -> Lines:
    kind = modem.persona
    return [
        f"Manufacturer: {kind.manufacturer}",
        f"Model: {kind.model}",
        f"Revision: {kind.revision}",
        f"IMEI: {modem.imei}",
        "+GCAP: +CGSM,+DS,+ES",
    ]


def _text(find: Callable[[VirtualModem], str]) -> Callable[[VirtualModem, Command], Lines]:
    def answer(modem: VirtualModem, command: Command) -> Lines:
        return () if command.op is Op.TEST else [find(modem)]

    return answer


def _cmee(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CMEE: (0-2)"]
    if command.op is Op.READ:
        return [f"+CMEE: {modem.settings.cmee}"]
    level = command.number(0, 0)
    if level > 2:
        raise AtSyntaxError
    modem.settings.cmee = level
    return ()


def _registration(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return [f"{command.name}: (0-2)"]
    if command.op is Op.READ:
        return [modem.radio.shown(command.name)]
    modem.settings.notify[command.name] = command.number(0, 0)
    return ()


def _signal(modem: VirtualModem, command: Command) -> Lines:
    return ["+CSQ: (0-31,99),(0-7,99)"] if command.op is Op.TEST else [f"+CSQ: {modem.signal},99"]


def _operator(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return [f'+COPS: (2,"{OPERATOR}","VGSM","{OPERATOR_CODE}",7),,(0-4),(0-2)']
    if command.op is Op.SET:
        if len(command.args) > 1:
            modem.settings.cops_format = command.number(1, 0)
        return ()
    if not modem.radio.registered:
        return ["+COPS: 0"]
    form = modem.settings.cops_format
    name = f'"{OPERATOR_CODE}"' if form == _NUMERIC else encode_string(modem, OPERATOR)
    return [f"+COPS: 0,{form},{name},7"]


def _function(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CFUN: (0,1,4),(0,1)"]
    if command.op is Op.READ:
        return [f"+CFUN: {modem.functional}"]
    level = command.number(0)
    if command.number(1, 0):
        modem.say("OK")
        modem.reset()
        raise NoAnswer
    before, modem.functional = modem.functional, level
    if level == 1 and before != 1:
        modem.radio.search()
    elif level != 1:
        modem.radio.register(0)
    return ()


def _charset(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CSCS: (" + ",".join(f'"{name}"' for name in charset.CHARSETS) + ")"]
    if command.op is Op.READ:
        return [f'+CSCS: "{modem.settings.charset}"']
    if not command.args or command.args[0] not in charset.CHARSETS:
        raise CmeError(Cme.NOT_SUPPORTED)
    modem.settings.charset = command.args[0]
    return ()


_HANG_UP: Final = 2
_ENDED: Final = "2"  # <m>: the dialogue is over
_REPORTS_USSD: Final = kept("(0-2)", 0)


def _ussd(modem: VirtualModem, command: Command) -> Lines:
    if command.op is not Op.SET:
        return _REPORTS_USSD(modem, command)
    if command.number(0, 0) == _HANG_UP:
        _network_says(modem, _ENDED)
        return ()
    modem.settings.notify[command.name] = command.number(0, 0)
    if len(command.args) > 1:
        _network_says(modem, _packed_answer(modem, command) if modem.persona.packed_ussd else modem.ussd)
    return ()


def _network_says(modem: VirtualModem, answer: str) -> None:
    asyncio.get_running_loop().call_later(modem.timing.radio_first, modem.urc, f"+CUSD: {answer}")


def _packed_answer(modem: VirtualModem, command: Command) -> str:
    """Return the answer as septets in hex, to a code that came so; refuse any other."""
    try:
        bytes.fromhex(command.args[1])
    except ValueError:
        raise AtSyntaxError(f"{command.name}: the code is not in hex") from None
    status, text, scheme = modem.ussd.split('"')
    septets = alphabet.encode(text)
    return f'{status}"{octets.pack(septets or b"").hex().upper()}"{scheme}'


TABLE: Final[Mapping[str, Callable[[VirtualModem, Command], Lines]]] = {
    **dict.fromkeys(("Q", "X", "L", "M", "H", "O", "S0", "S3", "&C", "&D", "&K", "&W", "&S"), _accept),
    **dict.fromkeys(("+CRC", "+CTZU", "+CTZR", "+CVHU"), kept("(0,1)", 0)),
    "+CLIP": kept("(0,1)", 0, ",2"),  # whether the network tells who calls: unknown
    "+CGATT": kept("(0,1)", 1),
    "+IPR": kept("()", 115200),
    "+IFC": kept("(0-2),(0-2)", 0, ",0"),
    "+ICF": kept("(0-6),(0-3)", 3, ",3"),
    "E": _echo,
    "V": _verbose,
    "Z": _default,
    "&F": _default,
    "D": _dial,
    "S5": _register,
    "I": _identify,
    "+CGMI": _text(lambda modem: modem.persona.manufacturer),
    "+GMI": _text(lambda modem: modem.persona.manufacturer),
    "+CGMM": _text(lambda modem: modem.persona.model),
    "+GMM": _text(lambda modem: modem.persona.model),
    "+CGMR": _text(lambda modem: modem.persona.revision),
    "+GMR": _text(lambda modem: modem.persona.revision),
    "+CGSN": _text(lambda modem: modem.imei),
    "+GSN": _text(lambda modem: modem.imei),
    "+GCAP": _text(lambda _: "+GCAP: +CGSM,+DS,+ES"),
    "+CBC": _text(lambda _: "+CBC: 0,100"),
    "+CPAS": _text(lambda _: "+CPAS: 0"),
    "+CMEE": _cmee,
    "+CREG": _registration,
    "+CGREG": _registration,
    "+CEREG": _registration,
    "+CSQ": _signal,
    "+COPS": _operator,
    "+CFUN": _function,
    "+CSCS": _charset,
    "+CUSD": _ussd,
}
