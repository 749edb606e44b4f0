"""`init`: a gateway that works from nothing, at the cost of nothing that was there."""

from __future__ import annotations

import re
import stat
import tomllib
from importlib import resources
from pathlib import Path
from typing import get_args, get_origin

import pytest

from gateway.cli.init import ROLES
from gateway.config import Config, ModemSection, load
from gateway.store import load_key_file
from policy import PolicySettings
from tests.cli.conftest import command

SECTIONS = {
    name: get_args(field.annotation)[0] if get_origin(field.annotation) is tuple else field.annotation
    for name, field in Config.model_fields.items()
}


def test_what_it_makes_can_be_used_by_its_owner_only(home: Path) -> None:
    config = load(home / "schoolgate.toml")
    assert config.api.host == "127.0.0.1"
    assert config.policy.file == home / "policy.toml"
    load_key_file(config.store.key_file)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    assert {"schoolgate.keys", "schoolgate.db", "owner.key", "policy.toml"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_its_policy_is_the_one_that_is_shipped(home: Path) -> None:
    assert PolicySettings.load(home / "policy.toml") == PolicySettings.load()


def test_the_first_person_has_the_roles_to_begin_with(home: Path) -> None:
    (person,) = command("person", "list", "--json").json["items"]
    assert person["handle"] == "jsmith"
    assert set(person["roles"]) == set(ROLES)
    assert person["acknowledged_at"] is not None
    (key,) = command("key", "list", "--json").json["items"]
    assert (home / "owner.key").read_text().startswith(f"sg_live_{key['id']}_")


def test_the_configuration_passes_its_own_check(home: Path) -> None:
    ended = command("check-config", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["ok"] is True
    assert any("[[modem]]" in note for note in ended.json["notes"])


def test_nothing_is_ever_overwritten(home: Path) -> None:
    before = {path: path.read_bytes() for path in home.iterdir()}
    ended = command("init", "--owner", "other", "--name", "O Ther")
    assert ended.code == 1
    assert "schoolgate.keys" in ended.err
    assert {path: path.read_bytes() for path in home.iterdir()} == before


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    ended = command("init", "site", "--owner", "J Smith", "--name", "Jo Smith")
    assert ended.code == 2
    assert "handle" in ended.err
    assert list((tmp_path / "site").iterdir()) == []
    assert command("init", "site", "--owner", "jsmith", "--name", "Jo Smith").code == 0


def test_without_a_terminal_it_says_what_to_give(tmp_path: Path) -> None:
    ended = command("init")
    assert ended.code == 2
    assert "--owner" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_nobody_acknowledges_the_policy_by_default(tmp_path: Path) -> None:
    ended = command("init", "--owner", "jsmith", "--name", "Jo Smith", "--json")
    assert ended.json["acknowledged"] is False
    (person,) = command("person", "list", "--json").json["items"]
    assert person["acknowledged_at"] is None


def test_a_secret_is_neither_printed_nor_in_the_configuration(home: Path) -> None:
    secret = (home / "owner.key").read_text().strip()
    told = command("init", "again", "--owner", "jsmith", "--name", "Jo Smith")
    assert (home / "again" / "owner.key").read_text().strip() not in told.out + told.err
    assert secret not in (home / "schoolgate.toml").read_text()


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_names_every_key(section: str) -> None:
    text = resources.files("gateway.cli").joinpath("example.toml").read_text()
    found = re.search(rf"^(?:# )?\[\[?{section}\]\]?\n((?:.+\n)*)", text, re.MULTILINE)
    assert found is not None
    named = set(re.findall(r"^(?:# )?(\w+) = ", found[1], re.MULTILINE))
    assert named == SECTIONS[section].model_fields.keys()


def test_the_example_shows_the_defaults() -> None:
    text = resources.files("gateway.cli").joinpath("example.toml").read_text()
    assert Config.model_validate(tomllib.loads(text)) == Config()
    every = Config.model_validate(tomllib.loads(re.sub(r"^# (?=\[\[|\w+ = )", "", text, flags=re.MULTILINE)))
    shown = every.modem[0]
    examples = (
        "name", "port", "pin_file", "smsc", "credit_ussd", "credit_pattern", "self_test_to", "prefixes",
    )  # fmt: skip
    assert shown == ModemSection(**{key: getattr(shown, key) for key in examples})


def test_the_example_beside_the_code_is_the_same() -> None:
    root = Path(__file__).parents[2]
    packaged = resources.files("gateway.cli").joinpath("example.toml").read_text()
    assert (root / "config.example.toml").read_text() == packaged
