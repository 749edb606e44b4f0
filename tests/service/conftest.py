from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.machine import MEASURED, Container, Machine

ROOT = Path(__file__).parents[2]
TREE, WHEELS = os.environ.get("SCHOOLGATE_TEST_TREE"), os.environ.get("SCHOOLGATE_TEST_WHEELS")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured, whether the tests passed or not."""
    if MEASURED:
        terminalreporter.section("measured")
    for line in MEASURED:
        terminalreporter.line(line)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what is in the checkout, as a download would have it: nothing built, nothing left over."""
    folder = tmp_path_factory.mktemp("source") / "schoolgate"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


@pytest.fixture(scope="session")
def machine(source: Path) -> Iterator[Machine]:
    """Return a clean Debian that has just booted, with the download in /root/schoolgate."""
    if TREE is None or WHEELS is None:
        pytest.skip("boots a Debian of its own: make test-service")
    folder = Path(tempfile.mkdtemp(prefix="schoolgate-service-", dir="/var/tmp"))
    made = Container.fresh(folder, TREE, source, WHEELS)
    try:
        made.boot()
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)
