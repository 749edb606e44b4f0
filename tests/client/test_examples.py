"""The examples of docs/api.md are run, each in its own language, where that is installed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from gateway.events import TYPES
from tests.api.conftest import CONSENTED, Api

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text()
EXAMPLES = dict(re.findall(r"```(\w+)\n(.*?)```", PAGE.partition("## Kannel")[0], re.DOTALL))
RUNS = {
    "bash": (["bash", "-e", "-c"], "curl"),
    "python": ([sys.executable, "-c"], sys.executable),
    "php": (["php"], "php"),
    "powershell": (["pwsh", "-NoProfile", "-Command"], "pwsh"),
}


@pytest.mark.parametrize("language", RUNS)
async def test_an_example_sends_a_message(api: Api, language: str, tmp_path: Path) -> None:
    command, needs = RUNS[language]
    if shutil.which(needs) is None:
        pytest.skip(f"{needs} is not installed")
    code = EXAMPLES[language]
    if language == "php":
        (tmp_path / "example.php").write_text(code)
        code = str(tmp_path / "example.php")
    environment = os.environ | {
        "SCHOOLGATE_URL": api.daemon.api_url,
        "SCHOOLGATE_KEY": api.tokens["office"],
        "TO": CONSENTED[0],
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        *command, code, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, trouble = await process.communicate()
    assert process.returncode == 0, (output, trouble)
    listed = (await api.call("GET", "/v1/messages")).body["items"]
    assert [each["to"] for each in listed] == [CONSENTED[0]]
    assert listed[0]["id"].encode() in output


def test_there_is_an_example_for_each_language() -> None:
    assert EXAMPLES.keys() == {"bash", "python", "powershell", "csharp", "php"}
    assert all("Idempotency-Key" in code or "reference=" in code for code in EXAMPLES.values())


def test_every_event_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| (`[a-z]+\..*?) \|", PAGE, re.MULTILINE)
    documented = {kind for row in rows for kind in re.findall(r"`([a-z.]+)`", row)}
    assert documented == set(TYPES)
