"""Lives of a gateway with every fault at random, and the ledger of each.

`python -m bench.soak --seeds 20 --seconds 60`: exit code 1 where an invariant (`tests.system.verdict`) fails.
The virtual radio is many times as fast as a real one (`bench.life.FASTER`), and so is all that waits for it:
`--hours 24 --at-once 10` gives each seed a day, with what happens on a day, and looks whether memory stays.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from bench.life import DAY, FASTER, RUSH, Life, Pace


def lived(seed: int, seconds: float, pace: Pace) -> tuple[bool, list[str]]:
    """Live one life; return whether every invariant held, and what there is to say."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        try:
            asyncio.run(Life(seed, seconds, pace, lines.append).live(Path(directory)))
        except (AssertionError, TimeoutError) as exc:
            lines.append(f"seed {seed}: VIOLATED: {type(exc).__name__} {exc}")
            return False, lines
    return True, lines


def main() -> int:
    """Live as many lives as asked for."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many lives")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seconds", type=float, default=60, help="of each life, in a rush")
    parser.add_argument("--hours", type=float, help="of each life instead, of virtual time, at a day's pace")
    parser.add_argument("--at-once", type=int, default=1, help="how many lives at once")
    given = parser.parse_args()
    seconds, pace = (given.hours * 3600 / FASTER, DAY) if given.hours else (given.seconds, RUSH)
    seeds, failed = range(given.first, given.first + given.seeds), []
    with ProcessPoolExecutor(given.at_once, get_context("spawn")) as pool:
        for seed, (held, lines) in zip(
            seeds, pool.map(partial(lived, seconds=seconds, pace=pace), seeds), strict=True
        ):
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            failed += [] if held else [seed]
    sys.stdout.write(f"{given.seeds - len(failed)} of {given.seeds} seeds hold")
    sys.stdout.write(f"; violated: {failed}\n" if failed else "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
