"""Who becomes whom in a transcript: a number, a SIM, a device, a message of nobody in place of each. Pure.

What stands in the place is as long and of the same kind, and the same one throughout, so that the dialogue
still replays. Which parts of a line are anybody's is told in `disguise`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gateway import sms

_ALPHANUMERIC: Final = 5  # type of number
_DRAMA: Final = "447700900"  # Ofcom's numbers for drama: nobody has one
# Elements of a header that hold no more than numbers of parts, ports and tables (3GPP TS 23.040, 9.2.3.24).
_TECHNICAL: Final = (0x00, 0x04, 0x05, 0x08, 0x24, 0x25)
_WIDEST: Final = 4  # octets of such an element

Message = sms.Deliver | sms.StatusReport | sms.Submit


class Pseudonyms:
    """Remembers who became whom."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._known: dict[str, str] = {}

    def number(self, text: str) -> str:
        """Return another number in the place of the digits in `text`; what stands between them stays."""
        digits = "".join(re.findall(r"\d", text, re.ASCII))
        if digits not in self._known:
            self._known[digits] = _other(digits, len(self._known) + 1)
        others: Iterator[str] = iter(self._known[digits])
        return re.sub(r"\d", lambda _: next(others), text, flags=re.ASCII)

    def pdu(self, text: str, length: int | None) -> str:
        """Return a message of nobody in the place of the PDU `text`, in hexadecimal.

        `length` is what the line before told: octets, without the SMS centre's (3GPP TS 27.005, 3.1). What is
        no PDU of that length becomes zeros.
        """
        zeros = "0" * len(text)
        try:
            if length is None or sms.tpdu_length(text) != length:
                return zeros
            made = self._anonymous(_decoded(text)).encode().hex().upper()
        except sms.PduError:
            return zeros
        return made if len(made) == len(text) else zeros

    def _anonymous(self, message: Message) -> Message:
        smsc = None if message.smsc is None else self._address(message.smsc)
        trailing = bytes(len(message.trailing))
        match message:
            case sms.StatusReport():
                who = self._address(message.recipient)
                return replace(message, recipient=who, smsc=smsc, trailing=trailing)
            case sms.Deliver():
                who, data = self._address(message.sender), _blank(message.data)
                return replace(message, sender=who, data=data, smsc=smsc, trailing=trailing)
            case sms.Submit():
                who, data = self._address(message.recipient), _blank(message.data)
                return replace(message, recipient=who, data=data, smsc=smsc, trailing=trailing)

    def _address(self, address: sms.Address) -> sms.Address:
        if address.ton == _ALPHANUMERIC:
            return replace(address, digits="X" * len(address.digits))
        if not address.digits.isdecimal():
            return replace(address, digits="0" * len(address.digits))
        return replace(address, digits=self.number(address.digits))


def _decoded(text: str) -> Message:
    try:
        return sms.decode_inbound(text)
    except sms.PduError:
        return sms.decode_submit(text)


def _other(digits: str, count: int) -> str:
    """Return the `count`-th pseudonym, as long as `digits` and of the same kind."""
    size = len(digits)
    if digits.startswith("89") and size >= 18:
        return "8944" + str(count).zfill(size - 4)
    if size >= 10 and size != 15:  # 15: IMEI, IMSI
        return (_DRAMA + "0" * size)[: size - 3] + f"{count % 1000:03d}"
    return str(count % 10**size).zfill(size)


def _blank(data: sms.UserData) -> sms.UserData:
    alphabet = data.coding.alphabet
    if alphabet is sms.Alphabet.UCS2 and not data.coding.compressed:
        content = "x".encode("utf-16-be") * (len(data.content) // 2)
    elif alphabet is sms.Alphabet.GSM7 and not data.coding.compressed:
        content = b"x" * len(data.content)
    else:
        content = bytes(len(data.content))
    return sms.UserData(data.coding, content, None if data.header is None else _plain(data.header))


def _plain(header: bytes) -> bytes:
    """Return the header with zeros in the place of what may be anybody's: an address, a text, a picture."""
    made, at = bytearray(len(header)), 0
    while at + 2 <= len(header):
        end = at + 2 + header[at + 1]
        kept = (
            end if header[at] in _TECHNICAL and header[at + 1] <= _WIDEST and end <= len(header) else at + 2
        )
        made[at:kept] = header[at:kept]
        at = end
    return bytes(made)
