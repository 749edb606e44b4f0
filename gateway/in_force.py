"""Which policy is in force: there is one at any moment, and this says which (9.1, 9.2).

The policy file's `[review]` is in force until a version is published here; from then on that version is, and
`[review]` gives only what to do when the review is overdue. Reviews of either are recorded here.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from gateway.store import policy
from policy import PolicySettings


class Follows(Protocol):
    """What acts by the policy."""

    settings: PolicySettings


def in_force(connection: Connection, settings: PolicySettings) -> PolicySettings:
    """Return the settings with the version and the dates of the policy in force; again changes nothing."""
    row, review = policy.published(connection), settings.review
    if row is not None:
        changes = {
            "version": row["version"],
            "effective": row["effective"],
            "last_reviewed": row["last_reviewed"],
            "authorised_by": row["authorised_by"],
            "acknowledged_as": policy.last_material(connection) or review.to_acknowledge,
        }
        review = review.model_copy(update=changes)
    recorded = policy.reviewed_on(connection, review.version)
    if recorded is not None and recorded > review.last_reviewed:
        review = review.model_copy(update={"last_reviewed": recorded})
    return settings.model_copy(update={"review": review})
