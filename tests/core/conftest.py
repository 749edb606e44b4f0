"""One database for a module of tests about replies, and another person for each test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.store import Database, Keyring, create_key_file, load_key_file
from tests.blank import fresh
from tests.core.replying import Desk

PEOPLE = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replies_store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Database, Keyring]]:
    directory = tmp_path_factory.mktemp("replies")
    create_key_file(directory / "keys")
    async with fresh(directory / "store.db") as database:
        yield database, load_key_file(directory / "keys")


@pytest.fixture
def desk(replies_store: tuple[Database, Keyring]) -> Desk:
    """Another person for each test."""
    return Desk(*replies_store, f"+447700900{next(PEOPLE):03d}")
