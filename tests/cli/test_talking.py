"""`schoolgate modem console` on a running gateway, `modem record`, and `alert`: as a technician has them."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from pathlib import Path

import pytest

from gateway.config import load
from gateway.daemon import Daemon, started
from gateway.modem.transcript import Transcript
from gateway.records import KeyKind
from gateway.simulator import Network
from tests.alerts.smtp import mail_server
from tests.cli.conftest import Ended, command
from tests.modem.fake import FakeModem, framed
from tests.system.site import eventually, furnish, number

pytestmark = pytest.mark.system

ENVIRONMENT = os.environ | {"TERM": "dumb", "PYTHONUTF8": "1"}
NOT_SAID = "a command is of plain ASCII characters: this line was not said"
PDU = "0791447758100650040C9144775821436500006290108003004004D4F29C0E"


async def key_of(directory: Path, who: str) -> Path:
    path = directory / f"{who}.key"
    path.write_text(json.loads((directory / "tokens.json").read_text())[who])
    path.chmod(0o600)
    return path


async def said(daemon: Daemon) -> list[tuple[str, str, str]]:
    query = "SELECT actor, target, detail FROM audit WHERE action = 'modem-command' ORDER BY seq"
    rows = await daemon.store.database.read(lambda c: c.exec_driver_sql(query).all())
    return [(row[0], row[1], json.loads(row[2])["command"]) for row in rows]


async def on_a_terminal(config: tuple[object, ...], key: Path, keys: bytes) -> tuple[int, str]:
    """Run the console on a terminal of its own, press `keys`; return how it ended and what it showed."""
    master, slave = pty.openpty()
    words = ("-m", "gateway.cli", "modem", "console", "sim0", *map(str, config), "--key-file", str(key))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT
    )
    os.close(slave)
    shown, loop = bytearray(), asyncio.get_running_loop()

    def read() -> None:
        try:
            shown.extend(os.read(master, 4096))
        except OSError:  # the other end is closed
            loop.remove_reader(master)

    loop.add_reader(master, read)
    try:
        await eventually(lambda: b"sim0> " in shown, what="a prompt")
        os.write(master, keys)
        code = await process.wait()
        await eventually(lambda: b"OK" in shown, what="the answer")
    finally:
        loop.remove_reader(master)
        os.close(master)
    return code, shown.decode(errors="replace")


async def test_a_script_speaks_to_a_modem_in_use(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        await furnish(tmp_path, modems=1, numbers=[])
        network.add_modem("sim0", number=number(990))
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            config = ("--config", tmp_path / "schoolgate.toml")
            access = daemon.use_cases.access
            await access.add_person("tech", "Tech", ["admin"], by="test")
            await access.acknowledge("tech", by="test")
            await eventually(lambda: daemon.modems[0].state.phase == "ready", what="a ready modem")
            _, token = await access.create_key(
                "tech", kind=KeyKind.LIVE, label="console", scopes=None, by="test"
            )
            tokens = tmp_path / "tokens.json"
            tokens.write_text(json.dumps(json.loads(tokens.read_text()) | {"tech": token}))

            async def speak(
                given: str | bytes, *more: object, who: str = "tech", modem: str = "sim0"
            ) -> Ended:
                words = ("modem", "console", modem, *config, "--key-file", await key_of(tmp_path, who), *more)
                return await asyncio.to_thread(command, *words, given=given)

            plain = await speak("AT+CSQ\n\nAT+CGMM\n")
            assert (plain.code, plain.out.splitlines()[1::2]) == (0, ["OK", "OK"]), plain.err
            assert plain.out.startswith("+CSQ: ")
            refused = await speak("AT+CMGD=1\nAT+CSQ\nAT+CUSD=1\n", "--json")
            assert refused.code == 1
            results = [each["result"] for each in refused.json["said"]]
            assert "the gateway alone does that" in results[0]
            assert results[1] == "OK"
            assert "--write" in results[2]
            assert (await speak("AT\n", who="office")).code == 77
            for given in ("AT\n", ""):
                unknown = await speak(given, modem="sim9")
                assert (unknown.code, unknown.err) == (
                    1,
                    "schoolgate: there is no modem sim9; there are: sim0\n",
                )
            spoilt = await speak(b"AT\xff\nAT+CSQ\n", "--json")
            assert [each["result"] for each in spoilt.json["said"]] == [NOT_SAID, "OK"]
            code, typed = await on_a_terminal(config, await key_of(tmp_path, "tech"), b"\xff\rAT+CGMM\r\x04")
            assert (code, "sim0> " in typed, NOT_SAID in typed) == (1, True, True)
            assert "Virtual Modem" in typed
            heard = await said(daemon)
            daemon.modems[0]._connection = None  # as between two links
            away = await speak("AT+CSQ\n")
            assert (away.code, "takes nothing now" in away.out) == (1, True)
        assert (await speak("")).code == 69
    assert heard == [("tech", "sim0", each) for each in ("AT+CSQ", "AT+CGMM", "AT+CSQ", "AT+CSQ", "AT+CGMM")]


async def test_a_key_for_the_console_alone_will_do(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        await furnish(tmp_path, modems=1, numbers=[])
        network.add_modem("sim0", number=number(990))
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            access = daemon.use_cases.access
            await access.add_person("tech", "Tech", ["admin"], by="test")
            await access.acknowledge("tech", by="test")
            await eventually(lambda: daemon.modems[0].state.phase == "ready", what="a ready modem")
            only = {"kind": KeyKind.LIVE, "label": "console", "scopes": ["modems:console"], "by": "test"}
            _, token = await access.create_key("tech", **only)
            (tmp_path / "only.key").write_text(token)
            (tmp_path / "only.key").chmod(0o600)
            words = ("modem", "console", "sim0", "--config", tmp_path / "schoolgate.toml")
            said = await asyncio.to_thread(command, *words, "--key-file", tmp_path / "only.key", given="AT\n")
    assert (said.code, said.out) == (0, "OK\n"), said.err


async def test_a_recording_is_a_transcript(tmp_path: Path) -> None:
    async with Network(directory=tmp_path) as network:
        modem = network.add_modem("sim0", number=number(990), persona="quectel-ec25")
        words = ("modem", "record", tmp_path / "sim0", "--out", tmp_path / "ec25.txt", "--seconds", "5")
        ended = await asyncio.to_thread(command, *words, "--json")
        assert (ended.code, ended.json["ended"]) == (0, ""), ended.err
        again = await asyncio.to_thread(command, *words)
        assert again.code == 1
        assert "is not overwritten" in again.err
        iccid = modem.sim.iccid
    text = (tmp_path / "ec25.txt").read_text()
    transcript = Transcript.parse(text)
    assert transcript.facts["profile"] == "quectel"
    assert transcript.facts["source"].startswith("recorded by schoolgate modem record on 20")
    assert iccid not in text
    assert any(each.command == "AT+CMGF=0" and each.answer == ["OK"] for each in transcript.exchanges)


SAID = (
    '+CLIP: "+447785123456",145,"",0,"Bob Jones"',
    '+CUSD: 0,"Dear Carol, your number is',
    '07785 654321 and your balance 4.20",15',
    "+CUSD: 0,Dear Dora, 07785-987-654",
    "IMEI353142030000123",
    "0044006F00720061",
)
PRIVATE = (
    "353142", "314203", "0000123", "Alice", "Smith", "Bob", "Jones", "Carol", "Dora", "number", "balance",
    "0044006F00720061", "123456", "654321", "987", "4.20", PDU, "1234",
)  # fmt: skip


async def test_nobody_is_in_a_recording(tmp_path: Path) -> None:
    """A modem that names people in its answers and between them, as the command writes it down."""
    fake = FakeModem(tmp_path)
    fake.replies["AT+CGSN"] = framed("+CGSN: 35-314203-000012-3", "OK")
    fake.replies["AT+CMGL=4"] = framed('+CMGL: 1,1,"Mrs Alice Smith",23', PDU, "OK")
    fake.replies["AT+CSCA?"] = framed('+CPIN: "1234"', '+CSCA: "+447785016005",145', "OK")
    fake.replies["AT+CSQ"] = framed("+CSQ: 20,99", "OK", *SAID)
    words = ("modem", "record", fake.path, "--out", tmp_path / "rec.txt", "--json")
    recording = asyncio.create_task(asyncio.to_thread(command, *words))
    await eventually(lambda: "AT+CSQ" in fake.commands[:-1], what="what is said after the signal")
    fake.unplug()
    ended = await recording
    assert (ended.code, bool(ended.json["ended"])) == (0, True), ended.err
    text = (tmp_path / "rec.txt").read_text()
    assert [each for each in PRIVATE if each in text] == []
    for kept in ("SIMCOM_SIM7600E", "LE11B12", "+CGSN: 00-000000-000000-", "+CSQ: 20,99", '+CMGL: 1,1,"'):
        assert kept in text
    assert Transcript.parse(text).facts["profile"] == "simcom"


async def test_a_port_that_says_nothing_leaves_no_file(tmp_path: Path) -> None:
    fake = FakeModem(tmp_path)
    fake.mute = True
    words = ("modem", "record", fake.path, "--out", tmp_path / "rec.txt", "--seconds", "5")
    ended = await asyncio.to_thread(command, *words)
    fake.unplug()
    assert (ended.code, "does not answer" in ended.err) == (1, True), ended.err
    assert not (tmp_path / "rec.txt").exists()


async def test_alerts_are_listed_and_a_letter_can_be_tried(tmp_path: Path) -> None:
    async with mail_server() as server:
        section = (
            f'[alerts]\nmail_to = ["it@school.example"]\nsmtp_host = "localhost"\nsmtp_port = {server.port}\n'
            'smtp_security = "none"\n'
        )
        await furnish(tmp_path, modems=1, numbers=[], extra=section)
        config = ("--config", tmp_path / "schoolgate.toml")
        tried = await asyncio.to_thread(command, "alert", "test", *config)
        assert (tried.code, len(server.letters)) == (0, 1), tried.err
        async with started(load(tmp_path / "schoolgate.toml")) as daemon:
            alerts, now = daemon.use_cases.alerts, daemon.use_cases.health.clock()
            await alerts.look(now)
            await alerts.look(now + alerts.patience)
            words = ("alert", "list", *config, "--key-file", await key_of(tmp_path, "head"))
            listed = await asyncio.to_thread(command, *words, "--json")
    assert [(each["kind"], each["about"]) for each in listed.json["items"]] == [("modem-lost", "sim0")]
    server.refuse["MAIL"] = "451 later"
    nobody = await asyncio.to_thread(command, "alert", "test", *config)
    assert nobody.code == 75
    assert "no letters" not in nobody.err
