"""Check an exported audit log, and a checkpoint of it. One file and Python 3.9 alone: copy it anywhere.

    python3 verify_audit.py audit.jsonl [--part] [--anchor FILE [--key HEX]]

An entry is one line of JSON with sorted keys and no spaces. Its `hash` is the SHA-256 of that line without
`hash`; its `prev` is the hash of the entry before, 64 zeros for the first. A chain cannot tell that its end
was cut off: what was kept elsewhere can, be it a checkpoint (entry and hash, signed with Ed25519) or the
text message with the entry and the beginning of its hash (its words in a file).

Exit codes: 0 all is as it was written, 1 it is not, 2 a file or an option cannot be understood.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FIELDS = ("seq", "at", "actor", "action", "target", "outcome", "clauses", "detail", "prev", "hash")
_NAMES = set(FIELDS)
START = "0" * 64
SIGNED = ("format", "gateway", "seq", "hash", "at", "public_key")


class Broken(Exception):
    """The log is not what was written: the first bad entry, and what is wrong there."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"entry {seq}: {why}")
        self.seq = seq
        self.why = why


class NotUnderstood(Exception):
    """A file that is no export, or no checkpoint."""


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, ASCII."""
    return _JSON.encode(value)


def digest(entry: dict[str, Any]) -> str:
    """Return the hash that an entry must have: over all of it but `hash` itself."""
    body = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def _sound(entry: dict[str, Any]) -> bool:
    try:
        return entry.keys() == _NAMES and digest(entry) == entry["hash"]
    except (TypeError, ValueError):
        return False  # a value that JSON does not have


class Chain:
    """Takes the entries one after another and raises `Broken` at the first that does not fit."""

    def __init__(self, *, part: bool = False, anchor: dict[str, Any] | None = None) -> None:
        """With `part`, the log may begin later than with entry 1; `anchor` is a checkpoint to hold it to."""
        self.first = 0
        self.seq = 0
        self.hash = START
        self._part = part
        self._anchor = anchor

    def take(self, entry: dict[str, Any]) -> None:
        """Check the next entry."""
        seq = entry.get("seq")
        if type(seq) is not int:
            raise Broken(self.seq + 1, "was changed: it has no number")
        if self._part and not self.first:
            self.seq, self.hash = seq - 1, str(entry.get("prev"))
        if seq > self.seq + 1:
            raise Broken(self.seq + 1, f"is missing: after {self.seq} comes {seq}")
        if seq <= self.seq:
            raise Broken(seq, f"is not in its place: it comes after {self.seq}")
        if not _sound(entry):
            raise Broken(seq, "was changed after it was written")
        if entry["prev"] != self.hash:
            raise Broken(seq, f"does not continue entry {seq - 1}: one of the two was replaced")
        self.first, self.seq, self.hash = self.first or seq, seq, entry["hash"]
        if self._anchor is not None and self._anchor["seq"] == seq:
            self._hold()

    def end(self) -> None:
        """Check that the log reaches as far as the checkpoint."""
        if self._anchor is None:
            return
        seq, at = self._anchor["seq"], self._anchor["at"]
        if seq > self.seq:
            raise Broken(self.seq + 1, f"is missing: the checkpoint of {at} saw {seq} entries")
        if seq < self.first:
            raise Broken(seq, f"of the checkpoint of {at} is not in this part of the log")

    def _hold(self) -> None:
        anchor = self._anchor or {}
        if not self.hash.startswith(anchor["hash"]):
            raise Broken(
                self.seq, f"is another one than the checkpoint of {anchor['at']} saw: the log was replaced"
            )


def entry_of(line: str, number: int) -> dict[str, Any]:
    """Return the entry in a line of an export; any other spelling of it is a change."""
    try:
        entry = json.loads(line)
        same = isinstance(entry, dict) and canonical(entry) == line
    except ValueError as exc:
        raise NotUnderstood(f"line {number} is not JSON: is it an export with --format jsonl?") from exc
    if not same:
        raise Broken(entry.get("seq", 0) if isinstance(entry, dict) else 0, "is not as it was exported")
    return dict(entry)


def check(lines: Iterable[str], *, part: bool = False, anchor: dict[str, Any] | None = None) -> Chain:
    """Check an export line by line; return where it begins and ends. Raises `Broken`, `NotUnderstood`."""
    chain = Chain(part=part, anchor=anchor)
    for number, line in enumerate(lines, 1):
        chain.take(entry_of(line.rstrip("\n"), number))
    chain.end()
    return chain


def checkpoint_of(text: str, key: str | None) -> dict[str, Any]:
    """Return a checkpoint whose signature is good; of `key` (hex), if given. Raises `NotUnderstood`."""
    try:
        made = json.loads(text)
        body = canonical({name: made[name] for name in SIGNED}).encode()
        public, signature = bytes.fromhex(made["public_key"]), bytes.fromhex(made["signature"])
        sound = type(made["seq"]) is int and made["format"] == 1
    except (ValueError, KeyError, TypeError) as exc:
        raise NotUnderstood("this is no checkpoint") from exc
    if not sound:
        raise NotUnderstood("this checkpoint is of another kind: use the verifier of a newer release")
    if key is not None and key.strip().lower() != public.hex():
        raise NotUnderstood(f"the checkpoint is signed with another key: {public.hex()}")
    if not signed(public, signature, body):
        raise NotUnderstood("the checkpoint's signature is not good: it was changed, or is not ours")
    return dict(made)


_FINGERPRINT = re.compile(r"audit log of (\d{4}-\d\d-\d\d), entry (\d+): ([0-9a-f]{4}(?:-[0-9a-f]{4}){4})")


def fingerprint(seq: int, hash_: str, day: str) -> str:
    """Return what a text message says of the log: its last entry, and 80 bits of that entry's hash."""
    return f"audit log of {day}, entry {seq}: {'-'.join(hash_[at : at + 4] for at in range(0, 20, 4))}"


def anchor_of(text: str, key: str | None) -> dict[str, Any]:
    """Return what a text message or a checkpoint says of the log. Raises `NotUnderstood`.

    A text message is not signed: that it is on the owner's phone is what speaks for it.
    """
    if (said := _FINGERPRINT.search(" ".join(text.split()))) is not None:
        return {"at": said[1], "seq": int(said[2]), "hash": said[3].replace("-", "")}
    return checkpoint_of(text, key)


# -- Ed25519, verifying only (RFC 8032, 5.1.7). Slow, and nothing in it is secret. --------------------

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)  # of -1

_Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x*y = T/Z


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether the 64-byte signature of `message` was made with the key of `public` (32 bytes)."""
    key, near = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or near is None or len(signature) != 64 or s >= _ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    left, right = _times(s, _BASE), _plus(near, _times(k, key))
    return (
        (left[0] * right[2] - right[0] * left[2]) % _P == 0 == (left[1] * right[2] - right[1] * left[2]) % _P
    )


def _point(packed: bytes) -> _Point | None:
    """Return the point that 32 bytes stand for: y, and in the highest bit which x (RFC 8032, 5.1.3)."""
    number = int.from_bytes(packed, "little")
    y, odd = number & (2**255 - 1), number >> 255
    if len(packed) != 32 or y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    x = _P - x if x % 2 != odd else x
    return (x, y, 1, x * y % _P)


def _plus(one: _Point, two: _Point) -> _Point:
    a, b = (one[1] - one[0]) * (two[1] - two[0]), (one[1] + one[0]) * (two[1] + two[0])
    c, d = 2 * one[3] * two[3] * _D, 2 * one[2] * two[2]
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(count: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while count:
        if count & 1:
            total = _plus(total, point)
        point, count = _plus(point, point), count >> 1
    return total


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or (0, 1, 1, 0)


def main() -> int:
    """Check the file that the command line names, and say in one line what was found."""
    parser = argparse.ArgumentParser(description="Check an exported audit log.")
    parser.add_argument("log", type=Path, help="the export (JSON lines)")
    parser.add_argument("--part", action="store_true", help="it was exported with --since")
    parser.add_argument(
        "--anchor", type=Path, help="a checkpoint, or the words of the text message, kept elsewhere"
    )
    parser.add_argument("--key", help="the public key, as `schoolgate audit key` shows it")
    given = parser.parse_args()
    try:
        anchor = anchor_of(given.anchor.read_text("utf-8"), given.key) if given.anchor else None
        with given.log.open(encoding="utf-8", newline="\n") as lines:
            chain = check(lines, part=given.part, anchor=anchor)
    except Broken as exc:
        sys.stdout.write(f"BROKEN: {exc}\n")
        return 1
    except (NotUnderstood, OSError, UnicodeDecodeError) as exc:
        sys.stdout.write(f"NOT CHECKED: {exc}\n")
        return 2
    sys.stdout.write(f"Whole: entries {chain.first} to {chain.seq}; the last has the hash {chain.hash}.\n")
    if anchor is not None:
        signer = anchor.get("public_key", "a text message")
        sys.stdout.write(f"It holds what the checkpoint of {anchor['at']} saw ({signer}).\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
