"""User data: what a message carries, with the header in front of it (3GPP TS 23.040, 9.2.3.16 and .24)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gateway.sms import alphabet, octets
from gateway.sms.coding import Alphabet, Coding
from gateway.sms.errors import PduError
from gateway.sms.header import Concat, Header, Ports
from gateway.sms.octets import Reader

MOST: Final = 140  # octets of user data in a message


@dataclass(frozen=True)
class UserData:
    """The data of one message.

    `content` is septets, one per octet, where the coding says GSM alphabet, and octets else.
    `header` is the header without its length, None where there is none.
    """

    coding: Coding
    content: bytes
    header: bytes | None = None

    @cached_property
    def elements(self) -> Header:
        """What the header says."""
        return Header.read(self.header or b"")

    @property
    def concat(self) -> Concat | None:
        """Which part of a longer message this is."""
        return self.elements.concat

    @property
    def ports(self) -> Ports | None:
        """The application that is addressed."""
        return self.elements.ports

    @property
    def text(self) -> str | None:
        """The text, None for binary data. Halves of a pair that a sender cut become U+FFFD (see `join`)."""
        return self.read(self.content)

    @property
    def tables(self) -> tuple[Alphabet, int, int] | None:
        """How the content is to be read, None where it is no text; equal for parts to be read as one."""
        if self.coding.compressed or self.coding.alphabet is Alphabet.DATA:
            return None
        return self.coding.alphabet, self.elements.locking, self.elements.single

    def read(self, content: bytes) -> str | None:
        """Return content as text, in the tables of this data."""
        if self.tables is None:
            return None
        if self.coding.alphabet is Alphabet.UCS2:
            return content.decode("utf-16-be", "replace")
        return alphabet.decode(content, self.elements.locking, self.elements.single)

    def encode(self) -> bytes:
        """Return the data with its length (TP-UDL and TP-UD); `PduError` when it does not fit."""
        head = b"" if self.header is None else bytes((len(self.header),)) + self.header
        if self.coding.septets:
            fill = -8 * len(head) % 7
            length = (8 * len(head) + fill) // 7 + len(self.content)
            data = head + octets.pack(self.content, fill)
        else:
            data = head + self.content
            length = len(data)
        if len(data) > MOST:
            raise PduError(f"user data of {len(data)} octets: at most {MOST} fit")
        return bytes((length,)) + data

    @classmethod
    def decode(cls, reader: Reader, coding: int, *, has_header: bool) -> UserData:
        """Take the data of a message whose coding scheme and header flag are known."""
        scheme = Coding(coding)
        length = reader.octet("user data length")
        size = (7 * length + 7) // 8 if scheme.septets else length
        if size > MOST:
            raise PduError(f"user data: {size} octets, at most {MOST} are possible")
        data = reader.take(size, "user data")
        if not (has_header and data):
            return cls(scheme, _content(scheme, data, length, 0))
        head = 1 + data[0]
        if head > len(data):
            raise PduError(f"user data header: {head} octets in {len(data)} octets of user data")
        return cls(scheme, _content(scheme, data, length, head), data[1:head])


def _content(scheme: Coding, data: bytes, length: int, head: int) -> bytes:
    if not scheme.septets:
        return data[head:]
    fill = -8 * head % 7
    count = max(length - (8 * head + fill) // 7, 0)  # a length without the fill bits, and no text
    return octets.unpack(data[head:], count, fill)
