"""The steps of the demo in their order, each with the claim that it has to make good."""

from __future__ import annotations

from typing import Final

from gateway.cli.demo import families, proofs, walk
from gateway.cli.demo.show import Show, Unproven
from gateway.cli.demo.walk import Step
from gateway.cli.demo.world import World

STEPS: Final[tuple[tuple[str, str, Step], ...]] = (
    (
        "The gateway starts",
        "A modem is brought up and registered; SQLite is the only database.",
        walk.gateway_starts,
    ),
    (
        "Two people make a template",
        "Clause 3.3: who writes a wording cannot approve it.",
        walk.template_is_approved,
    ),
    (
        "Consent is recorded",
        "Clause 4.1: who agreed, to what, with which evidence.",
        walk.consent_is_recorded,
    ),
    (
        "A message is sent",
        "From the API to the telephone, and the delivery report back.",
        walk.message_is_delivered,
    ),
    (
        "Each family in its language",
        "Clauses 3.3 and 4.3: approved versions, and one text for each number of a group.",
        families.texts_are_in_the_familys_language,
    ),
    (
        "The policy refuses",
        "Clauses 7.2 and 3.3: nobody who did not agree, no words that nobody approved.",
        walk.policy_refuses,
    ),
    (
        "A parent replies STOP",
        "Clause 6.2: while a batch runs, what waits for them is cancelled.",
        walk.stop_ends_what_waits,
    ),
    (
        "The next message is refused",
        "Clause 6.2: an opt-out binds everyone.",
        walk.opted_out_is_refused,
    ),
    (
        "A doubtful reply waits",
        "Clause 6.2: it may be an opt-out, so a person must read it first.",
        walk.doubtful_reply_waits,
    ),
    (
        "START brings them back",
        "Clause 6.2: only they themselves can undo their STOP.",
        walk.start_restores,
    ),
    (
        "Every decision is told",
        "Clause 1.3: who decided what, by which clause, on which facts.",
        proofs.decisions_are_told,
    ),
    (
        "Nothing can be read on the disk",
        "Clause 4.2: numbers and texts are sealed.",
        proofs.nothing_is_readable,
    ),
)


async def take(show: Show, world: World) -> bool:
    """Take every step, up to the first that does not hold; say whether all did."""
    made = walk.Walk(world, show)
    for title, claim, step in STEPS:
        try:
            with show.step(title, claim):
                await step(made)
        except Unproven:
            return False
    return True
