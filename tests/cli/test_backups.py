"""`backup`, `restore` and `escrow` as people and scripts have them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from gateway import backup
from gateway.backed_up import faults, last
from gateway.cli.escrow import mark
from gateway.clock import utc_now
from gateway.store import escrow, load_key_file
from tests.cli.conftest import command


def test_a_backup_is_made_listed_verified_and_restored(home: Path) -> None:
    made = command("backup", "--json").json
    assert made["removed"] == []
    path = Path(made["made"]["path"])
    assert {each.name for each in path.iterdir()} == {
        "manifest.json",
        "schoolgate.db",
        "schoolgate.toml",
        "policy.toml",
    }
    assert [each["path"] for each in command("backup", "--list", "--json").json["items"]] == [str(path)]
    assert abs(last(home / "schoolgate.db") - utc_now()) < timedelta(minutes=1)
    assert command("restore", "--verify", "--json").json["verified"]["rows"]["person"] == 1
    done = command("restore", "--yes", "--json").json
    assert Path(done["before"]).exists()
    assert command("person", "list", "--json").json["items"][0]["handle"] == "jsmith"


def test_a_restore_asks_first(home: Path) -> None:
    command("backup")
    before = (home / "schoolgate.db").read_bytes()
    refused = command("restore", given="no\n")
    assert refused.code == 1
    assert (home / "schoolgate.db").read_bytes() == before


def test_nothing_to_restore_and_nothing_like_a_backup_are_told(home: Path) -> None:
    assert "schoolgate backup" in command("restore", "--verify").err
    (home / "rubbish").mkdir()
    ended = command("restore", "rubbish", "--verify")
    assert (ended.code, "is no backup" in ended.err) == (1, True)


def test_the_newest_backup_that_this_release_knows_is_the_one_that_is_restored(home: Path) -> None:
    """As after a roll-back: the nights since made theirs with the newer release."""
    known = command("backup", "--json").json["made"]["path"]
    with closing(sqlite3.connect(home / "schoolgate.db", isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    keyring = load_key_file(home / "schoolgate.keys")
    made = backup.make(home / "backups", home / "schoolgate.db", [], keyring, utc_now() + timedelta(days=1))
    assert made.schema == "9999"
    assert command("restore", "--verify", "--json").json["verified"]["path"] == known
    refused = command("check-config")
    assert (refused.code, "schoolgate restore" in refused.err) == (78, True)
    assert command("restore", "--yes", "--json").json["before"] is not None
    assert command("check-config").code == 0
    shutil.rmtree(known)
    assert "newer release" in command("restore", "--verify").err


def test_a_disk_that_is_not_mounted_is_told(home: Path) -> None:
    config = home / "schoolgate.toml"
    config.write_text(config.read_text().replace('directory = "backups"', 'directory = "mnt/backups"'))
    for words in (("backup",), ("backup", "--list"), ("restore", "--verify")):
        ended = command(*words)
        assert (ended.code, "mount its disk" in ended.err) == (1, True)
    both = faults(home / "schoolgate.db")
    assert "the last backup failed:" in both
    assert "the last rehearsal of a restore failed:" in both
    config.write_text(config.read_text().replace('directory = "mnt/backups"', 'directory = "backups"'))
    command("backup")
    assert "backup" not in faults(home / "schoolgate.db").partition(":")[0]
    command("restore", "--verify")
    assert faults(home / "schoolgate.db") == ""


def test_a_database_in_use_is_not_replaced(home: Path) -> None:
    command("backup")
    with closing(sqlite3.connect(home / "schoolgate.db")) as other:
        other.execute("SELECT count(*) FROM person").fetchone()
        ended = command("restore", "--yes")
    assert (ended.code, "systemctl stop" in ended.err) == (75, True)


def test_a_damaged_database_is_not_backed_up(home: Path) -> None:
    path = home / "schoolgate.db"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    ended = command("backup")
    assert (ended.code, "schoolgate restore" in ended.err) == (78, True)
    assert list((home / "backups").iterdir()) == []


def test_the_sheet_counts_as_on_paper_only_when_it_was_read(home: Path) -> None:
    keys = home / "schoolgate.keys"
    assert "not on paper" in command("check-config").out
    assert command("escrow", "show", given="??\n").code == 1
    assert not mark(keys).exists()
    shown = command("escrow", "show", given=escrow.lines(keys)[-1][-2:] + "\n")
    assert shown.code == 0
    assert all(line in shown.out for line in escrow.lines(keys))
    assert "not on paper" not in command("check-config").out


def test_the_keys_come_back_from_the_sheet(home: Path) -> None:
    lines = escrow.lines(home / "schoolgate.keys")
    ended = command("escrow", "enter", "again.keys", given="\n".join([*lines, "", ""]))
    assert ended.code == 0
    assert json.loads((home / "again.keys").read_text()) == json.loads((home / "schoolgate.keys").read_text())
    wrong = command("escrow", "enter", "other.keys", given="\n".join([lines[0], lines[1][:-1], "", ""]))
    assert (wrong.code, "line 2" in wrong.err) == (2, True)


def test_the_service_is_set_up_by_root_where_it_was_installed(home: Path) -> None:
    ended = command("init", "--system", "--owner", "jsmith", "--name", "Jo Smith")
    assert ended.code in (77, 78), ended.err
    assert "sudo" in ended.err
