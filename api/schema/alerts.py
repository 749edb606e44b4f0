"""Bodies about what needs a person."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schema.base import Output


class Alert(Output):
    """Something that a person must see to."""

    kind: str = Field(description="A word for programs, such as modem-lost or disk-full.")
    about: str = Field(description="A modem's name, or gateway.")
    what: str
    remedy: str
    since: datetime
