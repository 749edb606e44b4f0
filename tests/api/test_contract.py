"""The whole description, asked of a real gateway: what it promises it keeps, and nothing makes it fail."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.api.contract import NUMBERS, all_powerful, judged

SEED = int(os.environ.get("SCHOOLGATE_SEED", "20261126"))


@pytest.mark.system
@pytest.mark.timeout(300)
async def test_the_gateway_keeps_to_its_description(tmp_path: Path) -> None:
    """No 5xx; every answer has the status, headers and form that are written down; links lead on.

    `make contract` asks for as long as one likes.
    """
    async with all_powerful(tmp_path) as (made, key):
        for phase, examples in (("stateful", 25), ("fuzzing", 1)):
            verdict = await judged(made, key, phases=(phase,), examples=examples, seed=SEED, narrow=True)
            assert verdict.code == 0, verdict.said
            assert "request failed" not in verdict.log
            for secret in (key, *made.tokens.values(), *NUMBERS):
                assert secret not in verdict.log
            if phase == "stateful":
                followed = re.search(r"API Links:\s+(\d+) covered", verdict.said)
                assert followed is not None
                assert int(followed[1]) >= 3, verdict.said
