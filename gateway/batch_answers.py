"""What a batch came to, as its caller is told, and as it is kept for a repeated request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.model import HoldReason, Status
from gateway.records import BatchLine, BatchReceipt, Receipt
from policy import Code, Decision


def receipt_of(ident: str, status: str, lines: Sequence[BatchLine]) -> BatchReceipt:
    """Return the receipt of a complete batch that is now held or released.

    The lines that waited for the rest of it have the status that they get once it is let go.
    """
    shown = tuple(_after(line, held=status == "held") for line in lines)
    accepted = sum(line.receipt is not None for line in lines)
    return BatchReceipt(ident, status, accepted, len(lines) - accepted, shown)


def _after(line: BatchLine, *, held: bool) -> BatchLine:
    """Return the line as it stands when the batch is complete."""
    receipt = line.receipt
    if receipt is None or receipt.hold_reason is not HoldReason.BATCH:
        return line
    if held:
        return replace(line, receipt=replace(receipt, status=Status.HELD, hold_reason=HoldReason.APPROVAL))
    return replace(line, receipt=replace(receipt, hold_reason=None))


def suspended(line: BatchLine) -> Decision | None:
    """Return why nothing of the batch is taken in, if that is because all sending is suspended (8.1)."""
    codes = {reason.code for reason in line.decision.reasons} if line.decision is not None else set()
    return line.decision if Code.SENDING_SUSPENDED in codes else None


def kept(receipt: BatchReceipt) -> Mapping[str, Any]:
    """Return a receipt as it is kept: short, for there may be ten thousand lines."""
    answer = {
        "id": receipt.id,
        "status": receipt.status,
        "lines": [_kept(line) for line in receipt.lines],
    }
    if any(line.group for line in receipt.lines):
        answer["whose"] = [[line.group, line.contact] for line in receipt.lines]
    return answer


def _kept(line: BatchLine) -> Any:  # noqa: ANN401 - JSON
    if line.receipt is not None:
        one = line.receipt
        return [one.id, one.status, one.hold_reason, one.parts, one.language]
    return line.decision.as_dict() if line.decision is not None else None


def restored(answer: Mapping[str, Any]) -> BatchReceipt:
    """Return the receipt that was kept, marked as a replay."""
    whose = answer.get("whose") or [[None, None]] * len(answer["lines"])
    lines = tuple(
        replace(_restored(position, line), group=group, contact=contact)
        for position, (line, (group, contact)) in enumerate(zip(answer["lines"], whose, strict=True))
    )
    accepted = sum(line.receipt is not None for line in lines)
    refused = len(lines) - accepted
    return BatchReceipt(answer["id"], answer["status"], accepted, refused, lines, replayed=True)


def _restored(position: int, line: Any) -> BatchLine:  # noqa: ANN401 - JSON
    if isinstance(line, list):
        ident, status, hold, parts, *language = line  # receipts of an earlier release have no language
        receipt = Receipt(ident, Status(status), HoldReason(hold) if hold else None, parts, *language)
        return BatchLine(position, receipt, None)
    return BatchLine(position, None, Decision.from_dict(line))
