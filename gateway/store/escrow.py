"""The key file on paper: a few lines that a person can type back, each with a check of its own."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.store.seal import KeyFileError, load_key_file
from gateway.whole_file import onto_disk

_KEY: Final = 32  # bytes
_LINE: Final = 32  # characters, without the check
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # of base32 (RFC 4648 section 6)
_PRIME: Final = 1021  # the largest that two characters hold
_LOOKS_LIKE: Final = str.maketrans("018", "OIB")  # base32 has none of these digits


class SheetError(Exception):
    """What was typed is not the sheet; the message names the line."""


def fingerprint(path: Path) -> str:
    """Return a short name of a key file, which tells nothing of the keys."""
    return hashlib.sha256(b"schoolgate key file\0" + _packed(path)).hexdigest()[:8]


def lines(path: Path) -> list[str]:
    """Return the key file as lines: number, groups of four letters and digits, and a check of two."""
    text = base64.b32encode(_packed(path)).decode().rstrip("=")
    made = []
    for number, start in enumerate(range(0, len(text), _LINE), 1):
        body = text[start : start + _LINE]
        groups = " ".join(body[at : at + 4] for at in range(0, len(body), 4))
        made.append(f"{number}: {groups} / {_check(number, body)}")
    return made


def write(typed: Sequence[str], path: Path) -> None:
    """Write the key file that the lines stand for; never overwrite. Raises `SheetError`, `KeyFileError`."""
    text = "".join(_body(number, line) for number, line in enumerate(typed, 1))
    try:
        packed = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as exc:
        raise SheetError("a line is missing, or one is too short") from exc
    content = _unpacked(packed)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists; keys are never overwritten") from None
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
    onto_disk(path)
    onto_disk(path.parent)


def _packed(path: Path) -> bytes:
    load_key_file(path)  # says what is wrong with it
    content = json.loads(path.read_text())
    seals = sorted(content["seal"].items(), key=lambda item: int(item[0]))
    keys = [bytes((int(number),)) + base64.b64decode(key) for number, key in seals]
    ends = base64.b64decode(content["index"]) + base64.b64decode(content["token"])
    return bytes((int(content["current"]), len(keys))) + b"".join(keys) + ends


def _unpacked(packed: bytes) -> dict[str, object]:
    if len(packed) < 2 or len(packed) != 2 + packed[1] * (1 + _KEY) + 2 * _KEY:
        raise SheetError("a line is missing, or there is one too many")
    keys, ends = packed[2 : -2 * _KEY], packed[-2 * _KEY :]
    seal = {
        str(keys[at]): base64.b64encode(keys[at + 1 : at + 1 + _KEY]).decode()
        for at in range(0, len(keys), 1 + _KEY)
    }
    index, token = (base64.b64encode(end).decode() for end in (ends[:_KEY], ends[_KEY:]))
    return {"current": packed[0], "seal": seal, "index": index, "token": token}


def _body(number: int, line: str) -> str:
    said, _, rest = line.rpartition(":")
    body, slash, check = (
        "".join(part.split()).upper().translate(_LOOKS_LIKE) for part in rest.partition("/")
    )
    if not slash or (said.strip() and said.strip() != str(number)) or check != _check(number, body):
        raise SheetError(f"line {number} is not as on the sheet: type it again")
    return body


def _check(number: int, body: str) -> str:
    """Return the remainder by a prime: it differs for any one wrong character, and for any two swapped."""
    value = number
    for char in body:
        value = (value * 32 + _ALPHABET.find(char)) % _PRIME
    return _ALPHABET[value // 32] + _ALPHABET[value % 32]
