"""kill -9 at random moments, as often as asked for: no part is on the air twice, and nothing is lost.

`python -m bench.killing --kills 1000`: exit code 1 where the verdict (`tests.system.verdict`) fails. Each
kill falls within a second of work: into a claim, a dialogue with the modem, a commit or a text's reading.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from gateway.simulator import Timing
from tests.system.site import Site, furnish, number, own_port, revived, spawned
from tests.system.verdict import verdict

EVERYBODY: Final = [number(index) for index in range(100, 160)]
PACE: Final = Timing(radio_first=0.06, radio_kept=0.04, prompt=0.01, report_after=0.05)
MODEM: Final = "result_seconds = 1.5\nsweep_seconds = 3\n"
AT_ONCE: Final = 8  # parts that are there to be sent at each kill
LONGEST: Final = 0.9  # seconds from the last request to the kill
IN_A_LIFE: Final = 50  # kills before the verdict
PATIENCE: Final = 300.0  # seconds for a start, and for coming to rest: the machine may be busy


async def life(seed: int, kills: int) -> Counter[str]:
    """Kill so often, come to rest, be judged; return how many parts ended how."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="killing-") as name:
        directory = Path(name)
        await furnish(directory, modems=1, numbers=EVERYBODY, each=MODEM)
        port = own_port(directory)
        async with revived(directory, timing=PACE, running=False) as made:
            for turn in range(kills):
                async with spawned(made, port):
                    await busy(made, chance, f"Reply {turn}")
            async with spawned(made, port):
                await made.ready(PATIENCE)
                return await verdict(made, within=PATIENCE)


async def busy(made: Site, chance: random.Random, reply: str) -> None:
    """Give it parts to send and texts to read; leave it in the middle of them."""
    await made.ready(PATIENCE)
    for to in chance.sample(EVERYBODY, AT_ONCE):
        await made.post(to)
    for sender in chance.sample(EVERYBODY, 2):
        made.network.text(sender, "sim0", reply)
    await asyncio.sleep(chance.uniform(0, LONGEST))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Live as many lives as the kills need."""
    parser = argparse.ArgumentParser(prog="killing", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    done, failed, ends = 0, 0, Counter[str]()
    for seed in range(given.first, given.first + -(-given.kills // IN_A_LIFE)):
        kills = min(IN_A_LIFE, given.kills - done)
        try:
            ends += asyncio.run(life(seed, kills))
        except (AssertionError, TimeoutError) as exc:
            failed += 1
            say(f"seed {seed}: VIOLATED: {type(exc).__name__} {exc}")
        done += kills
        say(
            f"seed {seed}: {done} kills; parts: " + ", ".join(f"{n} {end}" for end, n in sorted(ends.items()))
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
