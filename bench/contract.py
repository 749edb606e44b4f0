"""The API held to its own description, longer than the tests do: `python -m bench.contract --seconds 600`.

One request after the other along the links first, then every bound of every field, then what is drawn. Exit
code 1 where an answer is not as described, or is a 5xx; the requests to repeat it are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.api.contract import all_powerful, judged

_TURNS = ((("stateful",), True), (("coverage",), False), (("fuzzing",), False))


async def run(seconds: int, seed: int) -> int:
    """Ask in three turns, each for a third of the time at most; what one finds does not end the others."""
    bad = False
    with tempfile.TemporaryDirectory(prefix="contract-") as directory:
        async with all_powerful(Path(directory)) as (made, key):
            for phases, narrow in _TURNS:
                verdict = await judged(
                    *(made, key), phases=phases, examples=100, seed=seed, narrow=narrow, seconds=seconds // 3
                )
                sys.stdout.write(verdict.said)
                failed = [line for line in verdict.log.splitlines() if "request failed" in line]
                sys.stdout.write("\n".join((*failed, "")))
                bad = bad or verdict.code != 0 or bool(failed)
    return int(bad)


def main() -> int:
    """Read the options and run."""
    options = argparse.ArgumentParser(prog="contract", description=__doc__)
    options.add_argument("--seconds", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    return asyncio.run(run(given.seconds, given.seed))


if __name__ == "__main__":
    sys.exit(main())
