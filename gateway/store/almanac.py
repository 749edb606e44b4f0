"""The bank holidays on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from gateway.store.schema import bank_holiday


def bank_holidays(connection: Connection, division: str) -> Mapping[date, str]:
    """Return what is on record for one part of the country."""
    query = select(bank_holiday.c.day, bank_holiday.c.name).where(bank_holiday.c.division == division)
    return {date.fromisoformat(row.day): row.name for row in connection.execute(query)}


def keep(connection: Connection, division: str, days: Mapping[str, str]) -> None:
    """Put these in the place of what was on record for the same days."""
    table, rows = bank_holiday, [{"division": division, "day": day, "name": days[day]} for day in days]
    connection.execute(delete(table).where(table.c.division == division, table.c.day.in_(list(days))))
    connection.execute(insert(table), rows)
