"""SMS Server Tools, a foreign gateway, lives on the virtual modem, however that brings status reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.simulator import Kind, Network
from tests.peers.child import needs, running

pytestmark = [pytest.mark.system, needs("smsd", "smstools")]

PARENT = "+447700900123"
FOLDERS = ("outgoing", "checked", "failed", "incoming", "sent", "report")
TEXTS = (
    "Grüße & café: 5 € [ok]",
    "No bus on line 7 today; parents are asked to fetch their children. " * 4 + "€",
    "Экскурсия завтра 😀",
)
REPLIES = ("Danke schön, 5 € für den Ausflug", "Спасибо 😀! " * 12)
PARTS = 1 + 2 + 1


@dataclass(frozen=True)
class Paper:
    """A message in a file of SMS Server Tools: headers, an empty line, the text."""

    headers: dict[str, str]
    text: str

    @classmethod
    def read(cls, file: Path) -> Paper:
        head, _, body = file.read_bytes().partition(b"\n\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        return cls(headers, body.decode("utf-16-be" if headers["Alphabet"] == "UCS2" else "utf-8"))


def papers(folder: Path) -> list[Paper]:
    return [Paper.read(file) for file in folder.iterdir()]


def settings(device: Path, directory: Path, modem: str) -> str:
    for folder in FOLDERS:
        (directory / folder).mkdir()
    lines = [
        "devices = SIM\nloglevel = 6\ndelaytime = 1\nerrorsleeptime = 1\nautosplit = 3\nincoming_utf8 = yes",
        *(f"{folder} = {directory / folder}" for folder in FOLDERS),
        *(f"{file} = {directory / file}" for file in ("logfile", "infofile", "pidfile")),
        f"[SIM]\ndevice = {device}\nincoming = yes\nreport = yes\nbaudrate = 115200\nrtscts = no\n{modem}",
    ]
    return "\n".join(lines) + "\n"


def queue(outgoing: Path) -> None:
    """Queue the texts; for those beyond the GSM alphabet the program wants UCS-2."""
    for number, text in enumerate(TEXTS):
        unicode = "😀" in text
        alphabet, body = ("UCS2", text.encode("utf-16-be")) if unicode else ("UTF-8", text.encode())
        head = f"To: {PARENT[1:]}\nAlphabet: {alphabet}\n\n"
        (outgoing / str(number)).write_bytes(head.encode() + body)


@pytest.mark.parametrize(
    ("persona", "modem_settings", "stored"),
    [
        ("generic", "init = AT+CNMI=2,0,0,2,0\nprimary_memory = SM\nsecondary_memory = SR", PARTS),
        ("siemens-mc35", "init = AT+CNMI=2,0,0,2,1", PARTS),
        ("spec-strict", "init = AT+CSMS=1;+CNMI=2,1,0,1,0\nusing_routed_status_report = yes", 0),
    ],
    ids=["reports in a memory of their own", "reports among the messages", "reports to be acknowledged"],
)
async def test_a_foreign_gateway_works(
    network: Network, tmp_path: Path, persona: str, modem_settings: str, stored: int
) -> None:
    modem = network.add_modem("sim0", number="+447700900001", persona=persona)
    configured = tmp_path / "smsd.conf"
    configured.write_text(settings(modem.path, tmp_path, modem_settings))
    queue(tmp_path / "outgoing")
    for text in REPLIES:
        network.text(PARENT, modem, text)
    received = sum(int(str(entry["parts"])) for entry in network.ledger.of(Kind.HANDSET_SENT))

    async with running("smsd", f"-c{configured}", "-t"):
        await network.ledger.until(Kind.REPORT, PARTS, timeout=20)
        await network.ledger.until(Kind.DELETED, received + stored, timeout=20)
        if not stored:
            await network.ledger.until(Kind.ACKNOWLEDGED, PARTS, timeout=20)

    assert sorted(received.text for received in network.handset(PARENT).received) == sorted(TEXTS)
    incoming, reports = papers(tmp_path / "incoming"), papers(tmp_path / "report")
    assert sorted(paper.text for paper in incoming) == sorted(REPLIES)
    assert {paper.headers["From"] for paper in incoming + reports} == {PARENT[1:]}
    assert [("SMS STATUS REPORT" in paper.text, "Status: 0,Ok" in paper.text) for paper in reports] == [
        (True, True)
    ] * PARTS
    assert len(list((tmp_path / "sent").iterdir())) == len(TEXTS)
    assert not list((tmp_path / "failed").iterdir())
