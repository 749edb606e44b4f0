"""A modem whose words are not so, not whole, or not heard: HTTP in, handset out, and the verdict."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.clock import utc_now
from gateway.simulator import Kind, Network, Timing
from gateway.simulator.relay import compose
from gateway.simulator.storage import Stat
from tests.system.site import eventually
from tests.system.story import ANNA, BEN, CARA, posted, stage
from tests.system.verdict import verdict
from tests.system.view import count

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

SUPPRESSED = "SELECT count(*) FROM suppression"
OLD_REPORT: Final = bytes.fromhex("0006D60B911326880736F4111011719551401110117195714000")
REFERENCE: Final = 40  # before the lies; each of them takes two more
LIES: Final[dict[str, dict[str, Any]]] = {
    "a reference without its last digit": {"at": 1, "text": "\r\n+CMGS: 4\r\n", "times": 0},  # of 41
    "a reference without its first digit": {"at": 1, "text": "\r\n+CMGS: 3\r\n", "times": 0},  # of 43
    "the reference twice": {"at": 1, "times": 2},
    "the prompt twice": {"at": 0, "times": 2},
    "a prompt without its space": {"at": 0, "text": "\n>", "times": 0},
    "a call while the PDU is typed": {"at": 1, "text": '\r\nRING\r\n\r\n+CLIP: "+447700900123",145\r\n'},
    "no reference": {"at": 1, "times": 0},
    "a reference without a number": {"at": 1, "text": "\r\n+CMGS:\r\n", "times": 0},
    "a reference below zero": {"at": 1, "text": "\r\n+CMGS: -1\r\n", "times": 0},
    "the OK of an earlier command": {"at": 0, "text": "\r\nOK\r\n"},
    "the refusal of an earlier part": {"at": 0, "text": "\r\n+CMS ERROR: 1\r\n"},
    "a refusal in place of the prompt": {"at": 0, "text": "\r\n+CMS ERROR: 38\r\n", "times": 0},
    "an error after the reference": {"at": 2, "text": "\r\n+CMS ERROR: 38\r\n", "times": 0},
}


async def test_no_lie_about_a_part_costs_a_message(furnished_stage: Path, tmp_path: Path) -> None:
    def full(network: Network) -> None:  # of reports, so that no more would come
        memory = network.modems["sim0"].storage.memories["SR"]
        while memory.free:
            memory.put(OLD_REPORT, Stat.UNREAD)

    async with stage(furnished_stage, tmp_path, before=full) as made:
        made.modems[0].sim.reference = REFERENCE
        for told, lie in LIES.items():
            made.modems[0].fault("lie", **lie)
            for ident in await posted(made, [ANNA, BEN]):
                found = await made.reaches(ident, "delivered", "failed", "undelivered")
                assert found["status"] == "delivered", told
            assert made.modems[0].faults == [], told
        assert await verdict(made) == {"delivered": 2 * len(LIES)}


async def test_a_message_whose_line_came_torn_is_read_again_before_it_is_freed(
    furnished_stage: Path, tmp_path: Path
) -> None:
    def waiting(network: Network) -> None:
        network.modems["sim0"].fault("tear", characters=6)
        memories = network.modems["sim0"].storage.memories
        for sender, text in ((ANNA, "STOP"), (BEN, "Hello")):
            (pdu,) = compose(sender, text, utc_now())
            memories["SM"].put(pdu, Stat.UNREAD)
            network.ledger.note(Kind.HANDSET_SENT, sender=sender, text=text, parts=1, whole=True)

    async with stage(furnished_stage, tmp_path, before=waiting) as made:
        await verdict(made)
        made.modems[0].fault("tear", characters=7)
        made.network.text(CARA, "sim0", "STOP")
        await verdict(made)
        assert made.modems[0].faults == []
        assert count(tmp_path, SUPPRESSED) == 2
        assert count(tmp_path, "SELECT count(*) FROM inbound WHERE kind = 'quarantine'") == 0


async def test_a_report_that_came_torn_is_no_evidence_and_stops_nothing(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path, persona="simcom-sim800") as made:  # reports come directly
        made.modems[0].fault("tear", characters=8)
        torn, *others = await posted(made, [ANNA, BEN, CARA])
        for ident in others:
            await made.reaches(ident, "delivered")
        assert (await made.message(torn))["status"] == "sent"


async def test_a_restart_that_nobody_heard_of_is_noticed_before_the_next_part(
    furnished_stage: Path, tmp_path: Path
) -> None:
    """In text mode, into which it came up, a part would go to the number that its length makes."""
    slow = Timing(radio_first=0.05, report_after=2)
    async with stage(furnished_stage, tmp_path, timing=slow) as made:
        made.modems[0].fault("reset", silent=True)
        await eventually(lambda: made.modems[0].awake, what="the modem to have booted")
        await posted(made, [ANNA, BEN])
        assert await verdict(made) == {"delivered": 2}
        assert {entry["to"] for entry in made.network.ledger.of(Kind.SUBMITTED)[1:]} == {ANNA, BEN}


async def test_a_modem_that_takes_no_bytes_stops_nobody_and_is_opened_again(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with stage(furnished_stage, tmp_path) as made:
        made.modems[0].fault("stall")
        await posted(made, [ANNA, BEN])
        slowest, end = 0.0, time.monotonic() + 2
        while time.monotonic() < end:
            began = time.monotonic()
            assert (await made.call("GET", "/healthz"))[0] == 200
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1
        assert await verdict(
            made,
        ) == {"delivered": 2}
        _, page = await made.call("GET", "/v1/modems")
        assert page["items"][0]["recoveries"]["reopen"] == 1
