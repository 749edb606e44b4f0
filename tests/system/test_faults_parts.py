"""A text of three parts, one of which meets trouble: what went is not repeated, nothing goes past a doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway import sms
from gateway.simulator import Kind, Timing
from tests.system.site import Site, reviewed_policy
from tests.system.story import ANNA, BEN, changed, long_template, stage
from tests.system.verdict import verdict

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


@asynccontextmanager
async def long_stage(furnished: Path, directory: Path) -> AsyncIterator[Site]:
    """Run a stage where a text may take three parts, and reports take longer than a lost result."""
    changed(furnished, directory, {})
    (directory / "policy.toml").write_text(reviewed_policy(max_parts="3"))
    async with stage(furnished, directory) as made:
        await long_template(made, parts=3)
        made.modems[0].timing = Timing(radio_first=0.2, report_after=2.5)
        yield made


def order(made: Site, to: str) -> list[int]:
    """Return the numbers of the parts of a long text, as a modem was given them."""
    given = [entry for entry in made.network.ledger.of(Kind.SUBMITTED) if entry["to"] == to]
    concats = [sms.decode_submit(str(entry["pdu"])).concat for entry in given]
    return [concat.number for concat in concats if concat is not None]


async def with_a_fault_at(made: Site, part: int, fault: str, **how: object) -> str:
    """Post a text of three parts to Anna, one of which meets a fault; return its id."""
    if part == 1:
        made.modems[0].fault(fault, **how)
    ident = await made.post(ANNA, template="long")
    if part > 1:
        await made.network.ledger.until(Kind.ACCEPTED, part)  # the first is somebody else's
        made.modems[0].fault(fault, **how)
    return ident


def statuses(found: Any) -> list[str]:
    """Return how the API says that a message is, and each of its parts."""
    return [found["status"], *(part["status"] for part in found["parts"])]


@pytest.mark.parametrize(
    ("how", "given", "ends"),
    [
        ({"code": 38}, [1, 2, 2, 3], ["delivered", "delivered", "delivered", "delivered"]),
        ({"code": 21, "count": 9}, [1, 2], ["failed", "delivered", "failed", "cancelled"]),
    ],
)
async def test_a_message_goes_on_at_the_part_that_failed(
    furnished_stage: Path, tmp_path: Path, how: dict[str, Any], given: list[int], ends: list[str]
) -> None:
    async with long_stage(furnished_stage, tmp_path) as made:
        ident = await with_a_fault_at(made, 2, "cms", **how)
        assert await verdict(made) == Counter(ends[1:])
        assert (order(made, ANNA), statuses(await made.message(ident))) == (given, ends)


@pytest.mark.parametrize("part", [1, 2])
async def test_a_part_in_doubt_holds_the_next_until_its_report_comes(
    furnished_stage: Path, tmp_path: Path, part: int
) -> None:
    async with long_stage(furnished_stage, tmp_path) as made:
        ident = await with_a_fault_at(made, part, "lose_result")
        found = await made.reaches(ident, "uncertain")
        before, after = ["sent"] * (part - 1), ["queued"] * (3 - part)
        assert statuses(found) == ["uncertain", *before, "uncertain", *after]
        assert await verdict(made) == {"delivered": 3}
        assert (order(made, ANNA), statuses(await made.message(ident))) == ([1, 2, 3], ["delivered"] * 4)
        lost = made.network.ledger.of(Kind.ACCEPTED)[part]["mr"]
        (told,) = [entry for entry in made.network.ledger.of(Kind.REPORT) if entry["mr"] == lost]
        assert told.at < made.network.ledger.of(Kind.SUBMITTED)[part + 1].at


async def test_a_part_in_doubt_for_good_holds_the_next_until_a_person_has_settled_it(
    furnished_stage: Path, tmp_path: Path
) -> None:
    async with long_stage(furnished_stage, tmp_path) as made:
        made.network.handset(ANNA).reports("silent")
        ident = await with_a_fault_at(made, 2, "lose_result", sent=False)
        await made.reaches(ident, "uncertain")
        await made.reaches(await made.post(BEN), "sent", "delivered")  # the modem itself goes on
        assert (order(made, ANNA), statuses(await made.message(ident))) == (
            [1, 2],
            ["uncertain", "sent", "uncertain", "queued"],
        )
        word = {"part": 2, "outcome": "not_sent"}
        assert (await made.call("POST", f"/v1/doubts/{ident}", word))[0] == 204
        assert await verdict(made) == {"sent": 3, "delivered": 1}
        assert (order(made, ANNA), statuses(await made.message(ident))) == ([1, 2, 2, 3], ["sent"] * 4)
