"""Bring a database to the schema of this release; refuse one that is newer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text

HEAD: Final = "0012"  # of the chain of revisions, whose numbers need not be in its order
_REVISIONS: Final = Path(__file__).with_name("migrations") / "versions"


class SchemaTooNew(Exception):
    """The database was written by a newer Schoolgate."""


def is_known(revision: str) -> bool:
    """Say whether this release has a revision: one that it has not was made by a newer."""
    return any(_REVISIONS.glob(f"{revision}_*.py"))


def upgrade(engine: Engine) -> None:
    """Run the revisions that are missing; raise `SchemaTooNew` where the database is ahead of us."""
    present = current(engine)
    if present == HEAD:  # the common start: Alembic is not even imported
        return
    if present is not None and not is_known(present):
        raise SchemaTooNew(
            f"the database has schema {present}, this release knows {HEAD}: "
            "install the newer release again, or put back a backup made with this one: schoolgate restore"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(engine: Engine) -> str | None:
    """Return the revision that the database is at, None for an empty one."""
    with engine.connect() as connection, connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)
