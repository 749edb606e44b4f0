"""Takes out of a dialogue with a modem what is somebody's, so that it reads and replays as before. Pure.

A number, a SIM or a device becomes another of the same length, the same one throughout; of a PDU the parties
are replaced in the same way and the text by `x`; a text in quotes becomes `x` too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway import sms
from gateway.modem.transcript import Exchange

_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){10,}(?![0-9A-Za-z])")
_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z.])\d{7,}(?=[Ff]?(?![0-9A-Za-z.]))")
_SPEECH: Final = re.compile(r'(\+CUSD: *\d+,")([^"]*)(")')
_ALPHANUMERIC: Final = 5  # type of number
_DRAMA: Final = "447700900"  # Ofcom's numbers for drama: nobody has one


class Pseudonyms:
    """Remembers who became whom."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._known: dict[str, str] = {}

    def exchanges(self, said: Sequence[Exchange]) -> list[Exchange]:
        """Return the same dialogue about nobody."""
        return [
            Exchange(
                self.line(each.command),
                [self.line(line) for line in each.answer],
                each.prompt,
                None if each.body is None else self.line(each.body),
                [self.line(line) for line in each.result],
                [self.line(line) for line in each.unasked],
            )
            for each in said
        ]

    def line(self, text: str) -> str:
        """Return one line about nobody."""
        text = _SPEECH.sub(lambda match: match[1] + "x" * len(match[2]) + match[3], text)
        text = _HEX.sub(lambda match: self._hex(match[0]), text)
        return _DIGITS.sub(lambda match: self._number(match[0]), text)

    def _number(self, digits: str) -> str:
        if digits in self._known.values():
            return digits  # one of ours, inside a PDU's address or repeated
        if digits not in self._known:
            self._known[digits] = _other(digits, len(self._known) + 1)
        return self._known[digits]

    def _hex(self, text: str) -> str:
        if text.rstrip("Ff").isdecimal() and len(text) <= 22:
            return text  # a SIM's number: the digits' turn comes
        spoken = _ucs2(text)
        if spoken is not None:
            return self.line(spoken).encode("utf-16-be").hex().upper()
        return self._pdu(text)

    def _pdu(self, text: str) -> str:
        for decode in (sms.decode_inbound, sms.decode_submit):
            try:
                return self._anonymous(decode(text)).encode().hex().upper()
            except sms.PduError:
                continue
        return "00" * (len(text) // 2)

    def _anonymous(
        self, message: sms.Deliver | sms.StatusReport | sms.Submit
    ) -> sms.Deliver | sms.StatusReport | sms.Submit:
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
        return replace(address, digits=self._number(address.digits))


def _other(digits: str, count: int) -> str:
    """Return the `count`-th pseudonym, as long as `digits` and of the same kind."""
    size = len(digits)
    if digits.startswith("89") and size >= 18:
        return "8944" + str(count).zfill(size - 4)
    if size == 15:  # IMEI, IMSI
        return str(count).zfill(size)
    if size >= 10:
        return (_DRAMA + "0" * size)[: size - 3] + f"{count % 1000:03d}"
    return str(count).zfill(size)


def _ucs2(text: str) -> str | None:
    """Return the number or name that some modems write as UCS-2 in hexadecimal; None if it is none."""
    if len(text) % 4 or not text.startswith("00"):
        return None
    spoken = bytes.fromhex(text).decode("utf-16-be", "replace")
    return spoken if spoken.isascii() and spoken.isprintable() else None


def _blank(data: sms.UserData) -> sms.UserData:
    alphabet = data.coding.alphabet
    if alphabet is sms.Alphabet.UCS2 and not data.coding.compressed:
        content = "x".encode("utf-16-be") * (len(data.content) // 2)
    elif alphabet is sms.Alphabet.GSM7 and not data.coding.compressed:
        content = b"x" * len(data.content)
    else:
        content = bytes(len(data.content))
    return sms.UserData(data.coding, content, data.header)
