"""Bodies of a conversation with a modem."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schema.base import Input, Output


class AtCommand(Input):
    """One command for a modem."""

    modem: Annotated[str, Field(min_length=1, max_length=32, description="Its name in the configuration.")]
    command: Annotated[str, Field(min_length=2, max_length=200, description="Such as AT+CSQ.")]
    write: Annotated[bool, Field(description="Also what may change something.")] = False


class AtAnswer(Output):
    """What the modem answered."""

    lines: tuple[str, ...]
    result: str = Field(description="OK, or the modem's error.")
