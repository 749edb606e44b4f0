"""`sim`: playing with a virtual network that runs in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from gateway.simulator.faults import FAULTS
from tests.cli.conftest import command

HANDSET = "+447700900123"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Path]:
    """A network with two modems at the default socket; its first line says that it is there."""
    arguments = [sys.executable, "-m", "gateway.cli", "sim", "run", "--modems", "2"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert set(json.loads(process.stdout.readline())["modems"]) == {"sim0", "sim1"}
        yield tmp_path
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


@pytest.mark.system
def test_a_handset_texts_the_first_modem(network: Path) -> None:
    assert command("sim", "text", HANDSET, "STOP").code == 0
    first, second = command("sim", "modems", "--json").json["items"]
    stored = sum(used for used, _ in first["stored"].values()) + first["waiting"]
    assert (stored, second["waiting"]) == (1, 0)
    assert command("sim", "text", HANDSET, "STOP", "--to", "sim7").code == 1


@pytest.mark.system
def test_faults_come_and_go(network: Path) -> None:
    assert command("sim", "fault", "hang", "10").code == 0
    assert command("sim", "fault", "deregister", "--set", "stat=3", "--modem", "sim1").code == 0
    first, second = command("sim", "modems", "--json").json["items"]
    assert "Hang" in first["faults"][0]
    assert "seconds=10" in first["faults"][0]
    assert "stat=3" in second["faults"][0]
    assert second["registered"] is False
    assert command("sim", "clear").code == 0
    assert command("sim", "modems", "--json").json["items"][0]["faults"] == []


@pytest.mark.system
def test_handsets_show_what_they_got(network: Path) -> None:
    command("sim", "received", HANDSET)
    (handset,) = command("sim", "handsets", "--json").json["items"]
    assert (handset["number"], handset["received"]) == (HANDSET, 0)
    assert HANDSET in command("sim", "handsets").out
    assert command("sim", "received", HANDSET, "--json").json == {"items": []}


def test_without_a_network_it_says_how_to_get_one() -> None:
    ended = command("sim", "handsets")
    assert (ended.code, "schoolgate demo" in ended.err) == (69, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("fault", "earthquake"), "hang"),
        (("fault", "echo", "3"), "takes none"),
        (("fault", "hang", "--set", "colour=red"), "seconds"),
        (("fault", "hang", "--set", "seconds"), "name=value"),
        (("run", "--persona", "nokia"), "huawei-e173"),
    ],
)
def test_what_does_not_exist_is_said_with_what_does(words: tuple[str, ...], hint: str) -> None:
    ended = command("sim", *words)
    assert ended.code == 2
    assert hint in ended.err


def test_the_positional_number_is_the_one_a_technician_means() -> None:
    first = {
        name: next((field.name for field in fields(fault) if field.init), None)  # type: ignore[arg-type]
        for name, fault in FAULTS.items()
    }
    assert first["hang"] == first["unplug"] == first["late_result"] == "seconds"
    assert first["cms"] == "code"
    assert first["sim_pin"] == "pin"
    assert first["lose_result"] == first["no_prompt"] == "count"
