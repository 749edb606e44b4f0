"""Signed checkpoints of the audit log: what shows that its end was cut off, or all of it replaced (1.3).

A checkpoint says "on that day entry N had this hash", signed with Ed25519. It goes to a directory that this
machine cannot rewrite: a share of another machine, a write-once disk. The key that signs is derived from
the key file's index key (HKDF-SHA256, RFC 5869, under a name of its own), so key file and key sheet
stay as they are. `gateway.verify_audit` checks checkpoints, here and anywhere else.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.store import Keyring
from gateway.verify_audit import canonical

_PURPOSE: Final = b"schoolgate audit checkpoint 1"


def public_key(keyring: Keyring) -> str:
    """Return the key that checkpoints are verified with, in hexadecimal. It is no secret."""
    return _signer(keyring).public_key().public_bytes_raw().hex()


def sign(keyring: Keyring, gateway: str, seq: int, digest: str, now: datetime) -> str:
    """Return the checkpoint (a line of JSON) of a log whose last entry is `seq`, with the hash `digest`."""
    body = {
        "format": 1,
        "gateway": gateway,
        "seq": seq,
        "hash": digest,
        "at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "public_key": public_key(keyring),
    }
    signature = _signer(keyring).sign(canonical(body).encode()).hex()
    return canonical(body | {"signature": signature}) + "\n"


def place(directory: Path, gateway: str, day: date) -> Path:
    """Return the file of a day's checkpoint."""
    return directory / f"audit-{gateway}-{day.isoformat()}.json"


def write(path: Path, text: str) -> None:
    """Write a checkpoint, whole or not at all; what is there stays.

    Raises `OSError`; the directory is not made, for then it might be the wrong one (a disk not mounted).
    """
    if path.exists():
        return
    work = path.with_name(f".{path.name}.unfinished")
    with work.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    work.rename(path)


def _signer(keyring: Keyring) -> Ed25519PrivateKey:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(keyring.index_key)
    return Ed25519PrivateKey.from_private_bytes(derived)
