from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import Database, Keyring, create_key_file, load_key_file
from tests.blank import fresh


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    create_key_file(tmp_path / "keys")
    return load_key_file(tmp_path / "keys")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh(tmp_path / "store.db") as opened:
        yield opened
