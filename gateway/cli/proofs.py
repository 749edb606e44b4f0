"""What a consent is proved by (4.1), as options of every command that records one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import typer

_DAY: Final = "%Y-%m-%d"
_TIMES: Final = [_DAY, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="Best as +447…")]
PurposeOption = Annotated[list[str], typer.Option(help="What they agreed to; several times.")]
MethodOption = Annotated[str, typer.Option(help="paper_form, web_form, spoken, email or sms.")]
WordingOption = Annotated[str, typer.Option(help="Which wording was shown.")]
EvidenceOption = Annotated[str, typer.Option(help="Where the proof is kept.")]
GivenOption = Annotated[
    datetime,
    typer.Option(
        *("--given-at", "--given"),
        formats=_TIMES,
        metavar="WHEN",
        help="2026-09-01 or 2026-09-01T08:30:00, in this machine's zone, or with its own: …Z.",
    ),
]
DayOption = Annotated[
    datetime | None, typer.Option(formats=[_DAY], metavar="YYYY-MM-DD", help="Else by the policy.")
]


def proof(
    number: str, purposes: list[str], method: str, wording: str, evidence: str, given_at: datetime
) -> dict[str, Any]:
    """Return it as the API takes it."""
    return {
        "number": number,
        "purposes": purposes,
        "method": method,
        "wording": wording,
        "evidence": evidence,
        "given_at": given_at.astimezone().isoformat(),
    }
