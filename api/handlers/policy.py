"""The policy's document, and what people owe it (9.1, 9.2)."""

from __future__ import annotations

from api.route import Call
from api.schema.base import Listing, Nothing
from api.schema.policy import (
    Agreed,
    ClauseOut,
    Member,
    MemberFilter,
    NewPolicy,
    NewReview,
    NewTraining,
    Policy,
    PolicyVersion,
    Review,
    Telling,
    ToldAll,
    ToldOut,
    TrainingOut,
)
from gateway.records.policy import PolicyDraft


async def policy(call: Call[Nothing]) -> Policy:
    """Show the policy in force, and what the key's person acknowledges."""
    return Policy.of(await call.use_cases.members.policy(call.caller))


async def clauses(call: Call[Nothing]) -> Listing[ClauseOut]:
    """Show every clause: what enforces it, what proves it, and what is on record of it."""
    return call.whole(ClauseOut, await call.use_cases.evidence.clauses())


async def acknowledge(call: Call[Agreed]) -> Policy:
    """Agree to the policy in force, as the person of the key that asks."""
    given = call.input.statement_hash
    return Policy.of(await call.use_cases.members.acknowledge(call.caller, given))


async def versions(call: Call[Nothing]) -> Listing[PolicyVersion]:
    """List the versions that were imported, newest first."""
    return call.whole(PolicyVersion, await call.use_cases.document.versions())


async def import_version(call: Call[NewPolicy]) -> PolicyVersion:
    """Enter a text that is to become the policy; another person publishes it."""
    given = PolicyDraft(**call.input.model_dump())
    return PolicyVersion.of(await call.use_cases.document.draft(call.caller, given))


async def publish(call: Call[Nothing]) -> PolicyVersion:
    """Put a version in force, as a person other than who imported it."""
    return PolicyVersion.of(await call.use_cases.document.publish(call.caller, call.ident))


async def reviews(call: Call[Nothing]) -> Listing[Review]:
    """List the reviews that were recorded, newest first."""
    return call.whole(Review, await call.use_cases.document.reviews())


async def review(call: Call[NewReview]) -> Review:
    """Record that the policy in force was reviewed."""
    given = call.input
    return Review.of(await call.use_cases.document.review(call.caller, given.reviewed_on, given.note))


async def people(call: Call[MemberFilter]) -> Listing[Member]:
    """List the people under the policy, and what they owe it."""
    found = await call.use_cases.members.all(owing=call.input.unacknowledged)
    return call.whole(Member, found)


async def trainings(call: Call[Nothing]) -> Listing[TrainingOut]:
    """List the trainings that were recorded, newest first."""
    return call.whole(TrainingOut, await call.use_cases.members.trainings())


async def train(call: Call[NewTraining]) -> TrainingOut:
    """Record that somebody was trained."""
    given = call.input
    made = await call.use_cases.members.train(call.caller, given.person, given.course, given.completed_on)
    return TrainingOut.of(made)


async def tell(call: Call[Telling]) -> ToldAll:
    """Text whoever has not acknowledged the policy in force; say who must be told otherwise."""
    given = call.input
    told = await call.use_cases.members.tell(call.caller, given.template, given.slots)
    return ToldAll(items=tuple(ToldOut.of(each) for each in told))
