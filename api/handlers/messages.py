"""Messages and batches."""

from __future__ import annotations

import asyncio
from typing import Any

from api.route import Call
from api.schema.base import Listing, Nothing
from api.schema.batches import Batch, BatchAccepted, BatchCheck, NewBatch
from api.schema.messages import Accepted, Check, DecisionOut, Message, MessageFilter, NewMessage
from gateway.errors import Refusal
from gateway.records import BatchReceipt, Receipt


async def send(call: Call[NewMessage]) -> Accepted:
    """Send a text message to one number."""
    try:
        receipt = await call.use_cases.outbound.submit(
            call.caller, call.input.request(), call.idempotency_key
        )
    except Refusal as refusal:
        call.meters.refuse(refusal.decision)
        raise
    if not _replayed(call, receipt):
        call.meters.accept(1)
    return Accepted.of(receipt)


async def check(call: Call[NewMessage]) -> Check:
    """Say what sending a message would come to, and change nothing."""
    return Check.of(await call.use_cases.outbound.check(call.caller, call.input.request()))


async def messages(call: Call[MessageFilter]) -> Listing[Message]:
    """List the messages of the caller's person, newest first."""
    asked = call.input
    page = await call.use_cases.queries.messages(
        call.caller,
        status=asked.status,
        reference=asked.reference,
        purpose=asked.purpose,
        batch_id=asked.batch_id,
        since=asked.since,
        until=asked.until,
        cursor=asked.cursor,
        limit=asked.limit,
    )
    return call.listing(Message, page)


async def message(call: Call[Nothing]) -> Message:
    """Show one message."""
    return Message.of(await call.use_cases.queries.message(call.caller, call.ident))


async def why(call: Call[Nothing]) -> Listing[DecisionOut]:
    """Show every decision on a message: by which clauses, on which facts."""
    decisions = await call.use_cases.queries.why(call.caller, call.ident)
    return call.whole(DecisionOut, decisions)


async def cancel(call: Call[Nothing]) -> None:
    """Cancel a message that has not left yet."""
    await call.use_cases.outbound.cancel(call.caller, call.ident)


async def send_batch(call: Call[NewBatch]) -> BatchAccepted:
    """Send the same template to many numbers."""
    request = await asyncio.to_thread(call.input.request)  # there may be ten thousand recipients
    receipt = await call.use_cases.batches.submit(call.caller, request, call.idempotency_key)
    if not _replayed(call, receipt):
        call.meters.accept(receipt.accepted)
        for line in receipt.lines:
            if line.decision is not None:
                call.meters.refuse(line.decision)
    return BatchAccepted.of(receipt)


async def check_batch(call: Call[NewBatch]) -> BatchCheck:
    """Say what sending the same template to many would come to, and change nothing."""
    request = await asyncio.to_thread(call.input.request)
    return BatchCheck.of(await call.use_cases.batch_checks.check(call.caller, request))


async def batch(call: Call[Nothing]) -> Batch:
    """Show a batch and how far it is."""
    return Batch.of(await call.use_cases.batches.view(call.caller, call.ident))


async def approve_batch(call: Call[Nothing]) -> Batch:
    """Let a held batch go, as the second person."""
    return Batch.of(await call.use_cases.batches.approve(call.caller, call.ident))


async def cancel_batch(call: Call[Nothing]) -> Batch:
    """Cancel what of a batch has not left yet."""
    return Batch.of(await call.use_cases.batches.cancel(call.caller, call.ident))


def _replayed(call: Call[Any], receipt: Receipt | BatchReceipt) -> bool:
    """Mark the answer to a repeated Idempotency-Key; say whether it is one."""
    if receipt.replayed:
        call.headers["Idempotency-Replayed"] = "true"
    return receipt.replayed
