"""What the system tests share."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.system.story import furnish_stage


@pytest.fixture(scope="session")
def furnished_stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of a site for stories about modems (see `story`)."""
    directory = tmp_path_factory.mktemp("stage")
    asyncio.run(furnish_stage(directory))
    return directory
