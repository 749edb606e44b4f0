"""`modem confirm`: a person's word that another SIM may be used."""

from __future__ import annotations

from pathlib import Path

from gateway.cards import Card
from tests.cli.conftest import command


def configured(home: Path) -> Card:
    with (home / "schoolgate.toml").open("a") as config:
        config.write('\n[[modem]]\nname = "sim9"\nport = "sim9"\n')
    return Card.of(home / "schoolgate.db", "sim9")


def test_a_known_sim_is_forgotten_and_the_audit_log_says_who_did_it(home: Path) -> None:
    card = configured(home)
    card.remember("8944110068000000017")
    assert card.known() == "8944110068000000017"
    ended = command("modem", "confirm", "sim9", "--json")
    assert (ended.code, ended.json) == (0, {"modem": "sim9", "known": True})
    assert card.known() == ""
    assert command("modem", "confirm", "sim9", "--json").json["known"] is False


def test_a_modem_that_is_not_configured_is_named(home: Path) -> None:
    configured(home)
    ended = command("modem", "confirm", "sim8")
    assert ended.code == 1
    assert "sim8" in ended.err
