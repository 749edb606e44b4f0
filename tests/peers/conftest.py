"""A virtual network for foreign SMS programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.simulator import Network


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    async with Network(directory=tmp_path) as network:
        yield network
