"""AT commands of the message stores (3GPP TS 27.005, 3.2 to 3.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.simulator import charset
from gateway.simulator.at import AtSyntaxError, Command, Op
from gateway.simulator.commands_general import encode_string
from gateway.simulator.commands_sms import ask_pdu, require_ready
from gateway.simulator.errors import Cms, CmsError
from gateway.simulator.ledger import Kind
from gateway.simulator.storage import Memory, Slot, Stat
from gateway.sms import Alphabet, Deliver, PduError, decode_inbound, tpdu_length

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

Lines = Iterable[str]
_WORDS: Final = {
    "REC UNREAD": Stat.UNREAD,
    "REC READ": Stat.READ,
    "STO UNSENT": Stat.UNSENT,
    "STO SENT": Stat.SENT,
    "ALL": Stat.ALL,
}
# What each delflag of +CMGD deletes (3GPP TS 27.005, 3.5.4).
_DELETES: Final = (
    frozenset[Stat](),
    frozenset({Stat.READ}),
    frozenset({Stat.READ, Stat.SENT}),
    frozenset({Stat.READ, Stat.SENT, Stat.UNSENT}),
    frozenset(Stat),
)


async def _touch(modem: VirtualModem) -> None:
    require_ready(modem)
    if modem.timing.storage:
        await asyncio.sleep(modem.timing.storage)


async def _select(modem: VirtualModem, command: Command) -> Lines:
    storage = modem.storage
    if command.op is Op.TEST:
        return [f"+CPMS: {modem.persona.cpms_test}"]
    await _touch(modem)
    if command.op is Op.READ:
        return [f"+CPMS: {storage.counts(named=True)}"]
    if len(command.args) > storage.uses or any(name not in storage.memories for name in command.args):
        raise CmsError(Cms.NOT_ALLOWED)
    storage.selected[: len(command.args)] = command.args
    if storage.uses < len(storage.selected):
        storage.selected[2] = storage.selected[0]
    return [f"+CPMS: {storage.counts(named=False)}"]


async def _list(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        words = ",".join(f'"{word}"' for word in _WORDS)
        return [f"+CMGL: ({words if modem.settings.text_mode else '0-4'})"]
    await _touch(modem)
    memory, stat = modem.storage.use(0), _wanted(modem, command)
    return [_shown(modem, memory, index, slot, "+CMGL", f"{index},") for index, slot in memory.listed(stat)]


def _wanted(modem: VirtualModem, command: Command) -> Stat:
    if not command.args:
        return Stat.UNREAD
    if modem.settings.text_mode:
        if command.args[0] not in _WORDS:
            raise CmsError(Cms.BAD_TEXT)
        return _WORDS[command.args[0]]
    if command.number(0) > Stat.ALL:
        raise CmsError(Cms.NOT_SUPPORTED)
    return Stat(command.number(0))


async def _read(modem: VirtualModem, command: Command) -> Lines:
    if command.op is Op.TEST:
        return ()
    await _touch(modem)
    memory, index = modem.storage.use(0), command.number(0)
    return [_shown(modem, memory, index, memory.get(index), "+CMGR", "")]


def _shown(modem: VirtualModem, memory: Memory, index: int, slot: Slot, name: str, prefix: str) -> str:
    """Return a message as listed or read; an unread one has then been read."""
    stat = slot.stat
    modem.ledger.note(Kind.READ, modem.name, memory=memory.name, index=index)
    if stat is Stat.UNREAD:
        slot.stat = Stat.READ
    if modem.settings.text_mode:
        return f"{name}: {prefix}{_as_text(modem, stat, slot.pdu)}"
    return f"{name}: {prefix}{int(stat)},,{_length(slot.pdu)}\r\n{slot.pdu.hex().upper()}"


def _length(pdu: bytes) -> int:
    try:
        return tpdu_length(pdu)
    except PduError:
        return len(pdu)


def _as_text(modem: VirtualModem, stat: Stat, pdu: bytes) -> str:
    """Return what text mode shows, in the character set of `+CSCS`; UCS-2 and data always in hex."""
    word = next(word for word, value in _WORDS.items() if value is stat)
    try:
        message = decode_inbound(pdu)
    except PduError:
        message = None
    if not isinstance(message, Deliver):
        return f'"{word}","","",""\r\n{pdu.hex().upper()}'
    stamp = f"{message.scts:%y/%m/%d,%H:%M:%S}+00" if message.scts else ""
    written = "UCS2" if message.alphabet is Alphabet.UCS2 else modem.settings.charset
    data = message.alphabet is Alphabet.DATA
    text = message.data.content.hex().upper() if data else charset.encode(written, message.text or "")
    return f'"{word}",{encode_string(modem, message.sender.number)},,"{stamp}"\r\n{text}'


async def _delete(modem: VirtualModem, command: Command) -> Lines:
    memory = modem.storage.use(0)
    if command.op is Op.TEST:
        return [f"+CMGD: ({','.join(map(str, sorted(memory.slots)))}),(0-4)"]
    await _touch(modem)
    flag = command.number(1, 0)
    if flag >= len(_DELETES):
        raise AtSyntaxError
    chosen = [i for i, slot in memory.slots.items() if slot.stat in _DELETES[flag]]
    for index in chosen if flag else [command.number(0)]:
        held = index in memory.slots
        memory.delete(index)
        if held:
            modem.inbox.freed(memory, index)
    return ()


async def _write(modem: VirtualModem, command: Command) -> Lines:
    if command.op is not Op.SET:
        return ()
    await _touch(modem)
    pdu = await ask_pdu(modem, command.number(0))
    if pdu is None:
        return ()
    memory = modem.storage.use(1)
    index = memory.put(pdu, Stat(command.number(1, Stat.UNSENT)))
    modem.ledger.note(Kind.STORED, modem.name, memory=memory.name, index=index)
    return [f"+CMGW: {index}"]


TABLE: Final[Mapping[str, Callable[[VirtualModem, Command], Lines | Awaitable[Lines]]]] = {
    "+CPMS": _select,
    "+CMGL": _list,
    "+CMGR": _read,
    "+CMGD": _delete,
    "+CMGW": _write,
}
