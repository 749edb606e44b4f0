"""The only place that asks the clock. Everything else takes `now` as an argument."""

from datetime import UTC, datetime, timedelta
from typing import Final

MONTH: Final = timedelta(days=30.4375)
"""One on average: in what the policy counts in months."""


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place
