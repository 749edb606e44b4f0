"""The character set of strings between modem and client, `+CSCS` (3GPP TS 27.007, 5.5)."""

from __future__ import annotations

from typing import Final

from gateway.sms import alphabet

CHARSETS: Final = ("GSM", "IRA", "HEX", "UCS2")


def encode(charset: str, text: str) -> str:
    """Return `text` as the characters on the wire; what the set lacks becomes a question mark."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    if charset == "IRA":
        return text.encode("ascii", "replace").decode("ascii")
    septets = b"".join(alphabet.encode(char) or b"?" for char in text)
    return septets.hex().upper() if charset == "HEX" else septets.decode("latin-1")


def decode(charset: str, wire: str) -> str:
    """Return the text that characters on the wire stand for; raise `ValueError` when they are none."""
    if charset == "UCS2":
        return bytes.fromhex(wire).decode("utf-16-be")
    if charset == "IRA":
        return wire.encode("latin-1").decode("ascii")
    octets = bytes.fromhex(wire) if charset == "HEX" else wire.encode("latin-1")
    return alphabet.decode(octets.decode("ascii").encode("ascii"))
