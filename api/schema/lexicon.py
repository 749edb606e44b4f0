"""The organisation's own words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schema.base import Input, Output


class NewLexicon(Input):
    """All of the organisation's own words, as they are to be: it replaces what is in force."""

    document: Annotated[str, Field(max_length=60_000, description="TOML: glossary, [tone], [content.THEME].")]


class Lexicon(Output):
    """One version of them. Before the first is published, version 0 is an empty document."""

    id: str | None
    version: int
    document: str = Field(description="TOML.")
    status: str = Field(description="draft, published, retired or refused.")
    author: str | None
    approver: str | None
    created_at: datetime | None
    published_at: datetime | None
    ended_at: datetime | None
