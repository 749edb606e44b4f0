"""A scripted modem and a store, fresh for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.modem.fake import FakeModem, Store


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[FakeModem]:
    modem = FakeModem(tmp_path)
    yield modem
    modem.unplug()


@pytest.fixture
def store() -> Store:
    return Store()
