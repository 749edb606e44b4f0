"""Clause 1.3: the log is verified by us and by anybody, and a checkpoint shows what a chain cannot."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gateway import checkpoints, verify_audit
from gateway.auditing import Auditing
from gateway.store import Database, Keyring, audit, create_key_file, load_key_file
from gateway.verify_audit import Broken, NotUnderstood, canonical, check, checkpoint_of, signed
from tests.blank import fresh

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
SOURCE = Path(verify_audit.__file__).read_text()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def log(tmp_path: Path, keyring: Keyring):
    async with fresh(tmp_path / "store.db") as database:
        await fill(database, 1200)
        yield Auditing(database, keyring, "main", lambda: NOW)


async def fill(database: Database, count: int) -> None:
    rows = [
        audit.row(
            NOW + timedelta(hours=number), actor="amy", action="submit", target=f"msg_{number}", outcome="é"
        )
        for number in range(count)
    ]
    await database.write(lambda c: audit.append(c, rows))


async def cut(log: Auditing, *statements: str) -> None:
    """Do what somebody with the database file in their hands can do."""

    def transaction(connection):
        for name in ("audit_no_update", "audit_no_delete", "audit_continues"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        for each in statements:
            connection.execute(text(each))

    await log.database.write(transaction)


async def lines(log: Auditing, since: datetime | None = None, until: datetime | None = None) -> list[str]:
    return [canonical(each) async for each in log.export(since, until)]


async def test_a_whole_log_is_whole_in_the_background_too(log: Auditing) -> None:
    assert (await log.verify()).entries == 1200
    verdict = await log.verify(await log.checkpoint(), background=True)
    assert (verdict.entries, verdict.first_bad) == (1200, None)


async def test_the_first_bad_entry_is_named(log: Auditing) -> None:
    await cut(log, "UPDATE audit SET outcome = 'e' WHERE seq IN (700, 900)")
    verdict = await log.verify()
    assert (verdict.entries, verdict.first_bad) == (699, 700)
    assert "changed" in str(verdict.why)


@pytest.mark.parametrize("left", [0, 1, 499, 500, 1199])
async def test_a_log_that_was_cut_off_is_whole_but_for_the_checkpoint(log: Auditing, left: int) -> None:
    anchor = await log.checkpoint()
    await cut(log, f"DELETE FROM audit WHERE seq > {left}")  # noqa: S608
    assert (await log.verify()).first_bad is None
    verdict = await log.verify(anchor)
    assert verdict.first_bad == left + 1
    assert "saw 1200 entries" in str(verdict.why)


async def test_a_log_that_was_written_anew_is_whole_but_for_the_checkpoint(log: Auditing) -> None:
    anchor = await log.checkpoint()
    await cut(log, "DELETE FROM audit")
    await fill(log.database, 1300)
    await cut(log, "DELETE FROM audit WHERE seq > 1199")
    await log.note(await log.verify(), by="intruder")
    await fill(log.database, 200)
    assert (await log.verify()).first_bad is None
    verdict = await log.verify(anchor)
    assert verdict.first_bad == 1200
    assert "replaced" in str(verdict.why)


async def test_that_it_was_verified_is_in_the_log(log: Auditing) -> None:
    await log.note(await log.verify(), by="gateway")
    last = json.loads((await lines(log))[-1])
    assert (last["action"], last["outcome"], last["detail"]["entries"]) == ("audit-verified", "whole", 1200)
    assert (await log.verify()).entries == 1201


async def test_1_3_an_export_is_verified_and_holds_the_hours_asked_for(log: Auditing) -> None:
    assert check(await lines(log)).seq == 1200
    part = await lines(log, NOW + timedelta(hours=10), NOW + timedelta(hours=700))
    assert (json.loads(part[0])["seq"], len(part)) == (11, 690)
    assert (check(part, part=True).first, check(part, part=True).seq) == (11, 700)
    with pytest.raises(Broken, match="entry 1: is missing"):
        check(part)
    assert await lines(log, NOW + timedelta(days=900)) == []


def passes(exported: list[str]) -> bool:
    try:
        check(exported)
    except (Broken, NotUnderstood):
        return False
    return True


async def test_any_changed_removed_swapped_or_repeated_line_of_an_export_is_found(log: Auditing) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    whole = (await lines(log))[:40]
    for _ in range(300):
        spoilt, at = list(whole), rng.randrange(39)
        match rng.choice(["change", "remove", "swap", "repeat"]):
            case "change":
                place = rng.randrange(len(spoilt[at]))
                char = chr(rng.randrange(32, 127))
                spoilt[at] = spoilt[at][:place] + char + spoilt[at][place + 1 :]
            case "remove":
                del spoilt[at]
            case "swap":
                spoilt[at], spoilt[at + 1] = spoilt[at + 1], spoilt[at]
            case "repeat":
                spoilt.insert(at, spoilt[at])
        if spoilt != whole:
            assert not passes(spoilt), f"seed {seed}"


@given(secret=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), bit=st.integers(0, 511))
def test_signatures_are_judged_as_the_library_judges_them(secret: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert signed(public, bytes(signature), message)
    assert not signed(public, bytes(signature), message + b"!")
    signature[bit // 8] ^= 1 << bit % 8
    assert not signed(public, bytes(signature), message)


def test_a_signature_of_the_standard_is_good() -> None:
    """RFC 8032, 7.1, test 2."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert signed(public, signature, b"\x72")
    assert not signed(public, signature, b"\x73")


def test_a_checkpoint_of_another_key_or_changed_is_no_anchor(keyring: Keyring, tmp_path: Path) -> None:
    create_key_file(tmp_path / "other")
    other = load_key_file(tmp_path / "other")
    made = checkpoints.sign(keyring, "main", 7, "ab" * 32, NOW)
    key = checkpoints.public_key(keyring)
    assert checkpoint_of(made, key)["seq"] == 7
    with pytest.raises(NotUnderstood, match="another key"):
        checkpoint_of(made, checkpoints.public_key(other))
    with pytest.raises(NotUnderstood, match="not good"):
        checkpoint_of(made.replace('"seq":7', '"seq":6'), key)
    for text_ in ("", "[]", "{}", '{"seq": 1}', made[:40]):
        with pytest.raises(NotUnderstood, match="no checkpoint"):
            checkpoint_of(text_, key)


async def test_the_days_checkpoint_is_written_once_and_whole(log: Auditing, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    with pytest.raises(FileNotFoundError):
        await log.drop(drop, NOW)
    drop.mkdir()
    path = await log.drop(drop, NOW)
    assert path == drop / "audit-main-2026-03-01.json"
    before = path.read_text()
    await fill(log.database, 1)
    assert await log.drop(drop, NOW) is None
    assert path.read_text() == before
    assert [each.name for each in drop.iterdir()] == [path.name]
    assert (await log.verify(before)).first_bad is None


async def test_the_verifier_needs_nothing_but_python(log: Auditing, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "verify_audit.py"
    alone.parent.mkdir()
    alone.write_text(SOURCE)
    (tmp_path / "log").write_text("\n".join(await lines(log)) + "\n")
    (tmp_path / "anchor").write_text(await log.checkpoint())

    def run(*words: object) -> tuple[int, str]:
        command = [sys.executable, "-I", "-S", alone, *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        assert done.stderr == ""
        return done.returncode, done.stdout

    key = checkpoints.public_key(log.keyring)
    code, said = run(tmp_path / "log", "--anchor", tmp_path / "anchor", "--key", key)
    assert (code, "entries 1 to 1200" in said, key in said) == (0, True, True)
    code, said = run(tmp_path / "log", "--anchor", tmp_path / "anchor", "--key", "00" * 32)
    assert (code, "another key" in said) == (2, True)
    (tmp_path / "short").write_text("\n".join((await lines(log))[:-1]) + "\n")
    assert run(tmp_path / "short")[0] == 0
    code, said = run(tmp_path / "short", "--anchor", tmp_path / "anchor")
    assert (code, "entry 1200: is missing" in said) == (1, True)
    assert run(tmp_path / "keys")[0] == 2
    assert run(tmp_path / "none")[0] == 2
