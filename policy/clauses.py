"""The register of clauses: what each asks for, what enforces it, the tests that prove it."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Names = tuple[str, ...]


class Clause(BaseModel):
    """One clause of the policy document."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    number: Annotated[str, Field(pattern=r"^[1-9]\.[1-9]$")]
    says: str  # in short
    rules: Names = ()  # of policy.rules, asked before every message
    parts: Names = ()  # "module:name" of code that enforces it without being asked
    reports: Names = ()  # commands that show it
    tests: Names = ()  # "file::name"
    missing: str = ""  # what it asks for and nothing does yet


def register() -> tuple[Clause, ...]:
    """Return every clause, in the order of the document."""
    text = resources.files("policy").joinpath("clauses.toml").read_text(encoding="utf-8")
    return tuple(Clause.model_validate(table) for table in tomllib.loads(text)["clause"])
