"""Personal data at rest: AES-256-GCM per field, HMAC-SHA256 blind index (policy clause 4.2).

A sealed value is bound to the table, column and row it was written to, so that a copy moved to
another row does not open. Numbers are found again by a keyed hash, never by their digits.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.whole_file import onto_disk

_NONCE: Final = 12
_KEY: Final = 32


class KeyFileError(Exception):
    """The key file is missing, readable by others, or not what `schoolgate init` wrote."""


class SealBrokenError(Exception):
    """A sealed value does not open: another key, another row, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one installation. New values are sealed under `current`; older keys still open theirs."""

    keys: Mapping[int, AESGCM]
    current: int
    index_key: bytes
    token_key: bytes

    def seal(self, table: str, column: str, row: str, text: str) -> bytes:
        """Return `text` sealed for that place: key number, nonce, ciphertext and tag."""
        nonce = os.urandom(_NONCE)
        sealed = self.keys[self.current].encrypt(nonce, text.encode(), _place(table, column, row))
        return bytes((self.current,)) + nonce + sealed

    def open(self, table: str, column: str, row: str, sealed: bytes) -> str:
        """Return the text sealed for that place; raise `SealBrokenError` where it was not."""
        try:
            key = self.keys[sealed[0]]
            nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
            return key.decrypt(nonce, body, _place(table, column, row)).decode()
        except (IndexError, KeyError, ValueError, InvalidTag) as exc:
            raise SealBrokenError(f"{table}.{column} of {row} does not open with this key file") from exc

    def index(self, value: str) -> bytes:
        """Return the blind index of a number (E.164) or address: equal values give equal bytes."""
        return hmac.digest(self.index_key, value.encode(), "sha256")

    def token_hash(self, secret: str) -> bytes:
        """Return what is stored of an API key's 256-bit secret."""
        return hmac.digest(self.token_key, secret.encode(), "sha256")


def _place(table: str, column: str, row: str) -> bytes:
    return f"{table}\0{column}\0{row}".encode()


def create_key_file(path: Path) -> None:
    """Write fresh random keys to `path`, readable by the owner alone; never overwrite."""
    content = {
        "current": 1,
        "seal": {"1": _encode(secrets.token_bytes(_KEY))},
        "index": _encode(secrets.token_bytes(_KEY)),
        "token": _encode(secrets.token_bytes(_KEY)),
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists; keys are never overwritten") from None
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
    onto_disk(path)
    onto_disk(path.parent)


def load_key_file(path: Path) -> Keyring:
    """Read the keys; raise `KeyFileError` with the remedy when they cannot be trusted."""
    try:
        mode = path.stat().st_mode
        raw = path.read_text()
    except OSError as exc:
        raise KeyFileError(f"key file {path}: {exc.strerror}; `schoolgate init` makes one") from exc
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"key file {path} is readable by others; run: chmod 600 {path}")
    try:
        content = json.loads(raw)
        return Keyring(
            keys={int(number): AESGCM(_decode(key)) for number, key in content["seal"].items()},
            current=int(content["current"]),
            index_key=_decode(content["index"]),
            token_key=_decode(content["token"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise KeyFileError(f"key file {path} is damaged; restore it from a backup") from exc


def _encode(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _decode(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ValueError("not base64") from exc
    if len(key) != _KEY:
        raise ValueError(f"a key has {_KEY} bytes")
    return key
