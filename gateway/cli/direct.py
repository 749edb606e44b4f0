"""Commands that open the store themselves: who may read the key file has the authority."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gateway.cli.options import configuration

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.access import Access
    from gateway.building import Store
    from gateway.config import Config

T = TypeVar("T")


def user() -> str:
    """Return who is asking, for the audit log: the operating system's user, whatever the environment says."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"cli:{os.getuid()}"


def with_store(config: Config, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store that the configuration names, and do `work` with it."""
    from gateway.daemon import opened

    async def run() -> T:
        async with opened(config) as store:
            return await work(store)

    return asyncio.run(run())


def noted(config: Config, *, action: str, target: str) -> None:
    """Write what is done to the audit log, with who does it."""
    from gateway.clock import utc_now
    from gateway.store import audit

    def note(connection: Connection) -> None:
        audit.record(connection, utc_now(), actor=user(), action=action, target=target, outcome="done")

    with_store(config, lambda store: store.database.write(note))


def with_access(config: Path | None, work: Callable[[Access], Awaitable[T]]) -> T:
    """Open the store that the configuration names, and do `work` with its people and keys."""
    from gateway.access import Access
    from gateway.clock import utc_now

    def with_it(store: Store) -> Awaitable[T]:
        return work(
            Access(database=store.database, keyring=store.keyring, settings=store.settings, clock=utc_now)
        )

    return with_store(configuration(config), with_it)
