"""Whether what arrived was read at once. By the stamps of the ledger, so that no clock of a test counts."""

from __future__ import annotations

from typing import Final

from gateway.simulator import Kind
from tests.system.site import Site
from tests.system.verdict import verdict

AT_ONCE: Final = 1.0  # seconds from the +CMTI of a text until it was read, with a part on the air or without


def waited(made: Site) -> list[float]:
    """Return how many seconds each text lay in its memory until it was read; for ever where it still does."""
    ledger = made.network.ledger
    stored = [entry for entry in ledger.of(Kind.STORED) if entry["memory"] != "SR"]
    read = ledger.of(Kind.READ)
    return [
        next((r.at - s.at for r in read if r.at >= s.at and r.facts == s.facts), float("inf")) for s in stored
    ]


async def hears(made: Site, sender: str) -> None:
    """Text twice, and see that both are read at once.

    A look through the memory may find the first by chance; after that look there is none for a while, so
    that the second, which comes just then, is read at once only where its announcement is heard.
    """
    before = len(waited(made))
    for text in ("Can you hear me?", "And now?"):
        made.network.text(sender, "sim0", text)
        await verdict(made)
    found = waited(made)[before:]
    assert len(found) == 2
    assert max(found) <= AT_ONCE, found
