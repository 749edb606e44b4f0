"""Backups are consistent while the store writes, prove themselves, and come back with no promise broken."""

import asyncio
import json
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from gateway import backup, restore
from gateway.backup import BackupUnusable
from gateway.store import Database, Keyring, StoreDamaged, copying, create_key_file, load_key_file
from gateway.store.schema import api_key, consent, person, suppression
from gateway.store.schema_version import SchemaTooNew

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def store(tmp_path: Path, keyring: Keyring) -> Path:
    """Return a database with something sealed and an opt-out in it."""
    path = tmp_path / "store.db"
    async with Database.open(f"sqlite:///{path}") as database:
        await database.write(lambda c: c.execute(insert(suppression).values(**opt_out("first", b"1"))))
        await database.write(lambda c: c.execute(insert(person).values(**somebody(keyring))))
    return path


def opt_out(ident: str, number: bytes) -> dict[str, object]:
    return {
        "id": ident, "number_index": number, "topic": "", "source": "sms", "made_by": "+", "since": NOW,
    }  # fmt: skip


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4096)
    path.write_bytes(content)


def somebody(keyring: Keyring) -> dict[str, object]:
    sealed = keyring.seal("person", "name", "one", "Jo Smith")
    return {"id": "one", "handle": "jsmith", "name_sealed": sealed, "status": "active", "created_at": NOW}


def test_a_backup_proves_itself_and_holds_no_key(store: Path, keyring: Keyring, tmp_path: Path) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    (tmp_path / ".rehearsal-of-one-that-lost-its-power").mkdir()
    assert backup.verify(made.path, keyring, tmp_path) == made
    assert list(tmp_path.glob(".rehearsal*")) == []
    assert made.path.name == "20260301T023000Z"
    assert made.rows["suppression"] == 1
    kept = b"".join(each.read_bytes() for each in made.path.iterdir())
    assert b"Jo Smith" not in kept
    assert json.loads((tmp_path / "keys").read_text())["seal"]["1"].encode() not in kept


async def test_a_backup_of_a_store_that_writes_is_one_state_of_it(tmp_path: Path, keyring: Keyring) -> None:
    path = tmp_path / "store.db"
    async with Database.open(f"sqlite:///{path}") as database:
        stop = asyncio.Event()

        async def write() -> int:
            pairs = 0
            while not stop.is_set():
                pairs += 1
                one, two = (opt_out(f"{pairs}{half}", f"{pairs}{half}".encode()) for half in "ab")
                await database.write(lambda c, rows=(one, two): c.execute(insert(suppression), list(rows)))
            return pairs

        writing = asyncio.create_task(write())
        made = []
        for minute in range(5):
            at = NOW + timedelta(minutes=minute)
            made.append(await asyncio.to_thread(backup.make, tmp_path / "b", path, [], keyring, at))
        stop.set()
        assert await writing > 5
    counts = [each.rows["suppression"] for each in made]
    assert all(count % 2 == 0 for count in counts)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


async def test_a_store_that_never_rests_does_not_keep_a_backup_from_ending(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are commits between any two steps of it, by a connection of another."""
    monkeypatch.setattr(copying, "_STEP", 1)
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE large AS SELECT zeroblob(20000000) AS filling")
    done = threading.Event()

    def write() -> bool:
        with closing(sqlite3.connect(store, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            end = time.monotonic() + 20
            while not done.is_set() and time.monotonic() < end:
                connection.execute("UPDATE suppression SET since = since + 1")
        return done.is_set()

    writing = asyncio.create_task(asyncio.to_thread(write))
    contents = await asyncio.to_thread(copying.copy_live, store, tmp_path / "copy.db")
    done.set()
    assert await writing  # the copy did not wait for the writer to end
    assert contents.rows["suppression"] == 1


@pytest.mark.parametrize("seed", range(8))
def test_a_changed_byte_is_found(store: Path, keyring: Keyring, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    victim = made.path / chance.choice([backup.DATABASE, backup.MANIFEST])
    content = bytearray(victim.read_bytes())
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(7)
    victim.write_bytes(content)
    with pytest.raises(BackupUnusable):
        backup.verify(made.path, keyring, tmp_path)


def test_another_key_file_is_refused(store: Path, keyring: Keyring, tmp_path: Path) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    create_key_file(tmp_path / "other")
    with pytest.raises(BackupUnusable, match="not made with this key file"):
        backup.verify(made.path, load_key_file(tmp_path / "other"), tmp_path)


def test_a_newer_backup_is_refused_with_the_way_out(store: Path, keyring: Keyring, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    with pytest.raises(BackupUnusable, match="newer release"):
        backup.verify(made.path, keyring, tmp_path)


async def test_a_damaged_database_is_neither_backed_up_nor_opened(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    spoil(store)
    with pytest.raises(copying.CopyDamaged):
        backup.make(tmp_path / "b", store, [], keyring, NOW)
    assert list((tmp_path / "b").iterdir()) == []
    with pytest.raises(StoreDamaged, match="schoolgate restore"):
        async with Database.open(f"sqlite:///{store}") as database:
            await database.read(lambda c: c.execute(select(suppression)).all())


def test_retention_keeps_days_then_months_and_always_the_newest(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    for day in range(0, 100, 2):
        backup.make(tmp_path / "b", store, [], keyring, NOW + timedelta(days=day))
    (tmp_path / "b" / "notes").mkdir()
    end = NOW + timedelta(days=99)
    backup.prune(tmp_path / "b", end, days=10, months=2)
    left = sorted(each.name[:8] for each in (tmp_path / "b").iterdir())
    assert left == ["20260502", "20260530", "20260601", "20260603", "20260605", "20260607", "notes"]
    backup.prune(tmp_path / "b", end + timedelta(days=900), days=1, months=0)
    assert [each.at for each in backup.listed(tmp_path / "b")] == [NOW + timedelta(days=98)]


async def test_opt_outs_made_after_the_backup_survive_its_restore(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    async with Database.open(f"sqlite:///{store}") as database:
        await database.write(lambda c: c.execute(insert(suppression).values(**opt_out("later", b"2"))))
    done = restore.restore(made.path, store, keyring, NOW + timedelta(hours=1), by="test")
    assert done.opt_outs == 1
    async with Database.open(f"sqlite:///{store}") as database:
        found = await database.read(lambda c: c.execute(select(suppression.c.number_index)).scalars().all())
        told = await database.read(lambda c: c.execute(text("SELECT action FROM audit")).scalars().all())
    assert sorted(found) == [b"1", b"2"]
    assert told == ["restored"]
    assert done.before is not None
    assert done.before.exists()


NEWER = (
    "ALTER TABLE suppression ADD COLUMN novel TEXT NOT NULL DEFAULT 'x'",
    "CREATE TABLE novelty (id TEXT PRIMARY KEY)",
    "UPDATE alembic_version SET version_num = '9999'",
)


def change(store: Path, *statements: str) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        for each in statements:
            connection.execute(each)


async def test_what_binds_is_kept_when_a_newer_release_had_changed_the_database(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    """An opt-out, a consent withdrawn and a key revoked under the newer release hold under the older."""
    number, evidence = (keyring.seal("consent", name, "c", "…") for name in ("number", "evidence"))
    year = NOW + timedelta(days=365)
    agreed = {
        "id": "c", "number_index": b"3", "number_sealed": number, "purpose": "event_notice", "method": "form",
        "wording": "w", "evidence_sealed": evidence, "recorded_by": "one", "given_at": NOW,
        "created_at": NOW, "expires_at": year,
    }  # fmt: skip
    key = {
        "id": "k", "person_id": "one", "kind": "live", "label": "l", "secret_hash": b"", "scopes": [],
        "created_at": NOW, "expires_at": year,
    }  # fmt: skip
    async with Database.open(f"sqlite:///{store}") as database:
        await database.write(lambda c: c.execute(insert(consent).values(**agreed)))
        await database.write(lambda c: c.execute(insert(api_key).values(**key)))
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    change(store, *NEWER, "UPDATE consent SET withdrawn_at = 1, withdrawn_by = 'one'")
    change(
        store, "UPDATE api_key SET revoked_at = 1", "UPDATE suppression SET id = 'x', number_index = x'32'"
    )
    done = restore.restore(made.path, store, keyring, NOW + timedelta(hours=1), by="test")
    assert (done.opt_outs, done.ended) == (1, 2)
    async with Database.open(f"sqlite:///{store}") as database:
        found = await database.read(lambda c: c.execute(select(suppression.c.number_index)).scalars().all())
        over = await database.read(
            lambda c: c.execute(
                text(
                    "SELECT withdrawn_by FROM consent JOIN api_key WHERE withdrawn_at = 1 AND revoked_at = 1"
                )
            ).scalar()
        )
    assert (sorted(found), over) == ([b"1", b"2"], "one")


def test_opt_outs_that_cannot_be_understood_are_not_left_behind(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    change(store, *NEWER, "ALTER TABLE suppression RENAME COLUMN since TO beginning")
    with pytest.raises(SchemaTooNew, match="newer release"):
        restore.restore(made.path, store, keyring, NOW, by="test")
    assert [each.name for each in tmp_path.iterdir() if "store.db" in each.name] == ["store.db"]
    assert copying.examine(store).schema == "9999"


async def test_a_database_in_use_is_not_replaced(store: Path, keyring: Keyring, tmp_path: Path) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    async with Database.open(f"sqlite:///{store}") as database:
        await database.read(lambda c: c.execute(select(suppression)).all())
        with pytest.raises(BlockingIOError):
            restore.restore(made.path, store, keyring, NOW, by="test")
        assert len(await database.read(lambda c: c.execute(select(suppression)).all())) == 1


def test_a_damaged_database_is_replaced(store: Path, keyring: Keyring, tmp_path: Path) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    store.write_bytes(b"no database" * 1000)
    done = restore.restore(made.path, store, keyring, NOW, by="test")
    assert (done.opt_outs, copying.examine(store).rows["suppression"]) == (0, 1)


def test_a_directory_elsewhere_is_not_made_for_its_disk_may_be_missing(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "mnt" / "backups"
    elsewhere.parent.mkdir()
    with pytest.raises(BackupUnusable, match="mount its disk"):
        backup.make(elsewhere, store, [], keyring, NOW)
    assert not elsewhere.exists()


def test_a_disk_of_its_own_is_another_than_that_of_the_database(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    with pytest.raises(BackupUnusable, match="on the disk of the database"):
        backup.make(tmp_path / "b", store, [], keyring, NOW, own_disk=True)
    assert list((tmp_path / "b").iterdir()) == []
    with tempfile.TemporaryDirectory(dir="/dev/shm") as another:
        assert backup.make(Path(another), store, [], keyring, NOW, own_disk=True).path.parent == Path(another)


def test_a_rehearsal_never_takes_the_room_that_the_gateway_needs(
    store: Path, keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup.make(tmp_path / "b", store, [], keyring, NOW)
    room = shutil.disk_usage(tmp_path)._replace(free=made.size + 40_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    with pytest.raises(OSError, match="no room to rehearse"):
        backup.verify(made.path, keyring, tmp_path)


def test_two_backups_at_a_time_are_made_one_after_the_other(
    store: Path, keyring: Keyring, tmp_path: Path
) -> None:
    """Neither takes what the other has begun for what one left that lost its power."""
    (tmp_path / "b" / ".unfinished-by-one-that-lost-its-power").mkdir(parents=True)
    times = [NOW + timedelta(seconds=index) for index in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda at: backup.make(tmp_path / "b", store, [], keyring, at), times))
    assert sorted(each.at for each in made) == times
    assert {each.name for each in (tmp_path / "b").iterdir()} == {each.path.name for each in made}
