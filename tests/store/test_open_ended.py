"""What asks for the parts in doubt, every second, looks at those alone and not at all the parts there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, event

from gateway.model import Status
from gateway.store import alerts, doubts, lifecycle
from gateway.store.schema import metadata

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    [
        lambda c: lifecycle.in_doubt(c, Status.UNCERTAIN, "main"),
        lambda c: lifecycle.in_doubt(c, Status.SENDING, "main"),
        lambda c: doubts.unsettled(c, None),
        lambda c: alerts.ages(c, NOON),
    ],
)
def test_no_scan_of_all_parts(query: Callable[[Connection], object], tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'plan.db'}")
    metadata.create_all(engine)
    asked: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    with engine.connect() as connection:
        query(connection)
        statements = [each for each in asked if " part" in each[0]]
        assert statements
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            steps = [row[3] for row in plan if "part" in row[3]]
            assert all("USING INDEX" in step for step in steps), (statement, steps)
    engine.dispose()
