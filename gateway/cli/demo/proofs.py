"""The last steps of the walk: why it was decided so, and that nothing can be read from the disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from gateway.cli.demo import walk as steps
from gateway.cli.demo.show import Unproven
from gateway.cli.demo.walk import Walk

_KEPT_PLAIN: Final = "Please bring a packed lunch."  # of the template, which is no secret


async def decisions_are_told(walk: Walk) -> None:
    """1.3: every decision is on record, with what it rested on."""
    answer = await walk.ok("office", "GET", f"/v1/messages/{walk.delivered}/why")
    told = [f"{each['action']} by {each['actor']}: {each['outcome']}" for each in answer["items"]]
    allowed = [each["action"] for each in answer["items"] if each["outcome"] == "ALLOW"]
    walk.show.check({"submit", "hand-off"} <= set(allowed), "; ".join(told))
    facts = answer["items"][0]["detail"].get("facts")
    walk.show.check(facts, "each with its facts")
    stranger = await walk.ok("office", "POST", "/v1/messages/check", walk.message(steps.STRANGER))
    clauses = sorted({reason["clause"] for reason in stranger["reasons"]})
    walk.show.check(
        stranger["outcome"] == "DENY", f"a dry run names the clauses beforehand: {', '.join(clauses)}"
    )


async def nothing_is_readable(walk: Walk) -> None:
    """4.2: no number and no text can be read in the database or the log."""
    files = [*walk.world.directory.glob("schoolgate.db*"), walk.world.directory / "daemon.log"]
    content = await asyncio.to_thread(read, files)
    needles = {needle for text in walk.texts for needle in forms(text)}
    found = sorted(name for name, data in content.items() if any(needle in data for needle in needles))
    if not any(_KEPT_PLAIN.encode() in data for data in content.values()):
        raise Unproven("the search does not find what is there in plain: it proves nothing")
    walk.show.check(
        not found, f"searched {', '.join(sorted(content))}: no number, no text {found or ''}".rstrip()
    )


def read(files: list[Path]) -> dict[str, bytes]:
    """Return the content of files."""
    return {path.name: path.read_bytes() for path in files}


def forms(text: str) -> list[bytes]:
    """Return how a text or number would look if it were there: as it is, wide, or in a PDU."""
    if not text.startswith("+"):
        return [text.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")]
    digits = text.removeprefix("+44")
    swapped = "".join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))
    return [digits.encode(), digits.encode("utf-16-le"), swapped.encode(), bytes.fromhex(swapped)]
