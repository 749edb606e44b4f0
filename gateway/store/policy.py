"""Versions of the policy's text, its reviews, and who acknowledged it or was trained in it (9.1, 9.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from gateway.store.schema import acknowledgement, person, policy_review, policy_version, training

_PUBLISHER = person.alias("publisher")
_VERSIONS = (
    select(policy_version, person.c.handle.label("author"), _PUBLISHER.c.handle.label("publisher"))
    .join(person, person.c.id == policy_version.c.author_id)
    .outerjoin(_PUBLISHER, _PUBLISHER.c.id == policy_version.c.publisher_id)
)


def add_version(connection: Connection, values: Mapping[str, Any]) -> None:
    """Enter a draft."""
    connection.execute(insert(policy_version).values(dict(values)))


def version(connection: Connection, ident: str) -> RowMapping | None:
    """Return one version with the handles of its people."""
    return connection.execute(_VERSIONS.where(policy_version.c.id == ident)).mappings().first()


def versions(connection: Connection) -> Sequence[RowMapping]:
    """Return every version, newest first."""
    return connection.execute(_VERSIONS.order_by(policy_version.c.id.desc())).mappings().all()


def names(connection: Connection) -> Sequence[str]:
    """Return what versions are called, in no order."""
    return connection.execute(select(policy_version.c.version)).scalars().all()


def published(connection: Connection) -> RowMapping | None:
    """Return the version that is published; None while the file's is in force."""
    return connection.execute(_VERSIONS.where(policy_version.c.status == "published")).mappings().first()


def last_material(connection: Connection) -> str | None:
    """Return the last version published that everybody had to acknowledge anew."""
    query = select(policy_version.c.version).where(
        policy_version.c.material, policy_version.c.published_at.is_not(None)
    )
    return connection.execute(query.order_by(policy_version.c.published_at.desc()).limit(1)).scalar()


def publish(connection: Connection, ident: str, *, by: str, now: datetime) -> None:
    """Put a draft in the place of what was published."""
    before = policy_version.c.status == "published"
    connection.execute(update(policy_version).where(before).values(status="replaced"))
    values = {"status": "published", "publisher_id": by, "published_at": now}
    connection.execute(update(policy_version).where(policy_version.c.id == ident).values(values))


def add_review(connection: Connection, values: Mapping[str, Any]) -> None:
    """Enter a review."""
    connection.execute(insert(policy_review).values(dict(values)))


def reviewed_on(connection: Connection, name: str) -> date | None:
    """Return when a version was last reviewed, as was recorded here."""
    query = select(func.max(policy_review.c.reviewed_on)).where(policy_review.c.version == name)
    return connection.execute(query).scalar()


def reviews(connection: Connection) -> Sequence[RowMapping]:
    """Return every review that was recorded, newest first."""
    query = select(policy_review, person.c.handle.label("by")).join(
        person, person.c.id == policy_review.c.person_id
    )
    return connection.execute(query.order_by(policy_review.c.id.desc())).mappings().all()


def add_acknowledgement(connection: Connection, values: Mapping[str, Any]) -> None:
    """Enter what somebody agreed to."""
    connection.execute(insert(acknowledgement).values(dict(values)))


def acknowledgements(connection: Connection, name: str) -> Mapping[str, RowMapping]:
    """Return the last of a version, by person."""
    query = select(acknowledgement).where(acknowledgement.c.version == name).order_by(acknowledgement.c.id)
    return {row["person_id"]: row for row in connection.execute(query).mappings()}


def add_training(connection: Connection, values: Mapping[str, Any]) -> None:
    """Enter a training."""
    connection.execute(insert(training).values(dict(values)))


def trainings(connection: Connection) -> Sequence[RowMapping]:
    """Return every training, newest first."""
    query = select(training, person.c.handle).join(person, person.c.id == training.c.person_id)
    return connection.execute(query.order_by(training.c.id.desc())).mappings().all()
