"""gammu-smsd, a foreign gateway, lives on the virtual modem: it sends, it receives, it hears reports."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.simulator import Kind, Network, VirtualModem
from tests.peers.child import needs, run, running

pytestmark = [pytest.mark.system, needs("gammu-smsd", "gammu-smsd")]

PARENT = "+447700900123"
FOLDERS = ("inbox", "outbox", "sent", "error")
PLAIN = "School is closed tomorrow."
LONG = "Schöne Grüße, до завтра 😀! " * 6
PARTS = 1 + 3
REPLY = "Danke schön! 5 € für den Ausflug 😀"


def settings(device: Path, directory: Path) -> str:
    for folder in FOLDERS:
        (directory / folder).mkdir()
    paths = zip(("inboxpath", "outboxpath", "sentsmspath", "errorsmspath"), FOLDERS, strict=True)
    lines = [
        f"[gammu]\ndevice = {device}\nconnection = at\n[smsd]\nservice = files\nlogfile = stderr",
        "inboxformat = unicode\ndeliveryreport = sms\nreceivefrequency = 1\nloopsleep = 1",
        "checksecurity = 0\ncheckbattery = 0\nchecksignal = 0\nchecknetwork = 0",
        *(f"{key} = {directory / folder}/" for key, folder in paths),
    ]
    return "\n".join(lines) + "\n"


def told(inbox: Path) -> list[str]:
    """Return the texts in the files of an inbox."""
    return [file.read_bytes().decode("utf-16").rstrip("\0") for file in inbox.iterdir()]


async def live(network: Network, modem: VirtualModem, parent: str, directory: Path) -> list[str]:
    """Let the gateway send and receive until it has heard of everything; return the texts of its inbox."""
    configured = directory / "smsdrc"
    configured.write_text(settings(modem.path, directory))
    (directory / "outbox" / f"OUT{parent}.txtd").write_text(PLAIN)  # d: with a delivery report
    await run(
        "gammu-smsd-inject", "--config", str(configured), "TEXT", parent,
        "-report", "-unicode", "-len", str(len(LONG)), "-text", LONG,
    )  # fmt: skip
    network.text(parent, modem, REPLY)

    ledger = network.ledger
    async with running("gammu-smsd", "--config", str(configured)):
        await ledger.until(Kind.DELETED, modem=modem.name, timeout=20)
        await ledger.until(Kind.INDICATED, PARTS, modem=modem.name, timeout=20)
        commands = len(ledger.of(Kind.COMMAND, modem=modem.name))
        # By its second command from now it has read what came before.
        await ledger.until(Kind.COMMAND, commands + 2, modem=modem.name)
    return told(directory / "inbox")


async def test_a_foreign_gateway_works_however_the_modem_brings_reports(
    network: Network, tmp_path: Path
) -> None:
    """`+CDS` brings the report itself; of one in a memory that gammu does not read it takes note only."""
    expected = {"simcom-sim800": {"Delivered"}, "generic": {"", "Delivered"}}
    lives, parents = {}, {}
    async with asyncio.TaskGroup() as tasks:
        for number, kind in enumerate(expected):
            modem = network.add_modem(kind, number=f"+44770090010{number}", persona=kind)
            directory, parents[kind] = tmp_path / f"home of {kind}", f"+44770090020{number}"
            directory.mkdir()
            lives[kind] = tasks.create_task(live(network, modem, parents[kind], directory))
    for kind, reports in expected.items():
        texts = [received.text for received in network.handset(parents[kind]).received]
        assert sorted(texts) == sorted([PLAIN, LONG])
        inbox = lives[kind].result()
        inbox.remove(REPLY)
        assert len(inbox) == PARTS
        assert reports.issuperset(inbox)
        assert len(list((tmp_path / f"home of {kind}" / "sent").iterdir())) == 2
        assert not list((tmp_path / f"home of {kind}" / "error").iterdir())
