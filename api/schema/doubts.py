"""Bodies about parts in doubt."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schema.base import Input, Output


class Doubt(Output):
    """A part that was handed over, and of which nobody knows whether the network took it."""

    message_id: str
    part: int
    parts: int
    to: str
    modem: str = Field(description="Empty: it was to be sent again, and no modem took it.")
    handed_over_at: datetime
    cause: str = Field(description="What happened at the hand-off.")
    on_doubt: str = Field(
        description="ask: a person settles it. resend: it is sent again after a while, once. "
        "resent: it was, and is in doubt again: a person settles it."
    )
    expires_at: datetime


class Settled(Input):
    """A person's word on a part in doubt."""

    part: Annotated[int, Field(ge=1, le=255)] = 1
    outcome: Literal["sent", "not_sent", "give_up"] = Field(
        description="sent: the recipient has it. not_sent: send it, if the policy still lets it go. "
        "give_up: it stays in doubt for good, and nothing more of its message is sent."
    )
