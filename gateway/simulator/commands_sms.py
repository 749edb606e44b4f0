"""AT commands that set the message service up and send (3GPP TS 27.005)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.simulator import charset
from gateway.simulator.at import Command, Op
from gateway.simulator.commands_general import decode_string, encode_string, kept
from gateway.simulator.errors import Cms, CmsError
from gateway.simulator.storage import Stat
from gateway.sms import Address, PduError, Submit, decode_submit, submits, tpdu_length

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

Lines = Iterable[str]
_STATUS_REPORT: Final = 0x20  # first octet, in +CSMP
_UCS2: Final = 8  # data coding scheme, in +CSMP
_SEPARATOR: Final = re.compile(r"[^0-9A-Fa-f]")


def require_ready(modem: VirtualModem) -> None:
    """Raise the message service error while the SIM cannot be used."""
    modem.sim.require_for_messages()
    if modem.sim_busy:
        raise CmsError(modem.sim.busy_code or Cms.SIM_BUSY)


def _service(modem: VirtualModem, command: Command) -> Lines:
    allowed = modem.persona.csms_test
    if command.op is Op.TEST:
        return [f"+CSMS: {allowed}"]
    if command.op is Op.READ:
        return [f"+CSMS: {modem.settings.csms},1,1,1"]
    if str(command.number(0)) not in re.findall(r"\d+", allowed):
        raise CmsError(Cms.NOT_SUPPORTED)
    modem.settings.csms = command.number(0)
    return ["+CSMS: 1,1,1"]


def _format(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CMGF: (0,1)"]
    if command.op is Op.READ:
        return [f"+CMGF: {int(modem.settings.text_mode)}"]
    require_ready(modem)
    modem.settings.text_mode = command.number(0, 0) == 1
    return ()


def _notify(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return [f"+CNMI: {modem.persona.cnmi_test}"]
    if command.op is Op.READ:
        return ["+CNMI: " + ",".join(map(str, modem.settings.cnmi))]
    require_ready(modem)
    current = modem.settings.cnmi
    modem.inbox.notify(tuple(command.number(i, current[i]) for i in range(5)))
    return ()


def _centre(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ()
    require_ready(modem)
    if command.op is Op.SET:
        modem.sim.smsc = decode_string(modem, command)
        return ()
    return [f"+CSCA: {encode_string(modem, modem.sim.smsc)},{145 if modem.sim.smsc.startswith('+') else 129}"]


def _parameters(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CSMP: (0-255),(0-255),(0-255),(0-255)"]
    if command.op is Op.READ:
        return ["+CSMP: " + ",".join(map(str, modem.settings.csmp))]
    current = modem.settings.csmp
    modem.settings.csmp = tuple(command.number(i, current[i]) for i in range(4))
    return ()


def _more(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CMMS: (0-2)"]
    if command.op is Op.READ:
        return [f"+CMMS: {modem.radio.multiple()}"]
    modem.settings.cmms = command.number(0)
    return ()


def _accept(_modem: VirtualModem, _command: Command) -> Lines:
    return ()


async def _send(modem: VirtualModem, command: Command) -> Lines:
    if command.op is not Op.SET:
        return ()
    require_ready(modem)
    if not modem.settings.text_mode:
        pdu = await ask_pdu(modem, command.number(0))
        return () if pdu is None else await _submit(modem, pdu, "+CMGS")
    try:
        recipient = Address.parse(decode_string(modem, command))
    except PduError:
        raise CmsError(Cms.BAD_TEXT) from None
    body = await modem.ask()
    return await _submit(modem, _compose(modem, recipient, body.text), "+CMGS") if body.sent else ()


def _compose(modem: VirtualModem, recipient: Address, typed: str) -> bytes:
    """Return the SUBMIT for a text typed in text mode, by `+CSMP` and `+CSCS` (3GPP TS 27.005, 3.1)."""
    first, _, _, coding = modem.settings.csmp
    written = "UCS2" if coding == _UCS2 else modem.settings.charset
    try:
        text = charset.decode(written, typed.replace("\r", "\n"))
        (part,) = submits(text, recipient, reference=0, status_report=bool(first & _STATUS_REPORT))
    except ValueError:  # no such characters, or too long for one part
        raise CmsError(Cms.BAD_TEXT) from None
    return part.encode()


async def ask_pdu(modem: VirtualModem, length: int) -> bytes | None:
    """Prompt for a PDU whose TPDU has `length` octets; None when ESC was typed."""
    body = await modem.ask()
    if not body.sent:
        return None
    try:
        pdu = bytes.fromhex(_SEPARATOR.sub("", body.text))
        if tpdu_length(pdu) != length:
            raise CmsError(Cms.BAD_PDU)
    except ValueError:  # no hex, or no PDU
        raise CmsError(Cms.BAD_PDU) from None
    return pdu


async def _submit(modem: VirtualModem, pdu: bytes, name: str) -> Lines:
    reference = await modem.radio.transmit(_decode(pdu), pdu)
    return [f"{name}: {reference}"]


def _decode(pdu: bytes) -> Submit:
    try:
        return decode_submit(pdu)
    except PduError:
        raise CmsError(Cms.BAD_PDU) from None


async def _send_stored(modem: VirtualModem, command: Command) -> Lines:
    if command.op is not Op.SET:
        return ()
    require_ready(modem)
    slot = modem.storage.use(1).get(command.number(0))
    before = modem.radio.sent
    try:
        return await _submit(modem, slot.pdu, "+CMSS")
    finally:
        if modem.radio.sent > before:  # whatever becomes of the result; not when the power went first
            slot.stat = Stat.SENT


async def _acknowledge(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ["+CNMA: (0-2)"]
    kind = command.number(0, 0) if command.args else 0
    if len(command.args) > 1:
        body = await modem.ask()  # the acknowledgement's own PDU: read, not used
        if not body.sent:
            return ()
    modem.inbox.acknowledge(taken=kind != 2)
    return ()


TABLE: Final[Mapping[str, Callable[[VirtualModem, Command], Lines | Awaitable[Lines]]]] = {
    "+CSMS": _service,
    "+CMGF": _format,
    "+CNMI": _notify,
    "+CSCA": _centre,
    "+CSMP": _parameters,
    "+CMMS": _more,
    "+CGSMS": kept("(0-3)", 1),
    "+CSDH": kept("(0,1)", 0),
    "+CSCB": kept("(0,1)", 0, ',"",""'),
    "+CSAS": _accept,
    "+CRES": _accept,
    "+CMGS": _send,
    "+CMSS": _send_stored,
    "+CNMA": _acknowledge,
}
