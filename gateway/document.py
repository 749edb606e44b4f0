"""The policy as a document: imported by one person, published by another, reviewed every year (9.1, 9.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway import approvals
from gateway.approvals import Asked, Ruling
from gateway.errors import Conflict, Fault, Invalid, NotFound
from gateway.ids import new_id
from gateway.in_force import Follows, in_force
from gateway.model import Clock
from gateway.records import ApprovalKind, Caller, Scope
from gateway.records.policy import PolicyDraft, ReviewView, VersionView
from gateway.store import Database, audit, events
from gateway.store import policy as store
from policy import PolicySettings
from policy.clauses import register
from policy.document import digest, read

log = structlog.get_logger()

_LONGEST: Final = 200_000  # characters of a text
_LONGEST_NAME: Final = 80


@dataclass(slots=True)
class PolicyDocument:
    """The versions of the policy; a version never changes. Also a subject of approvals."""

    database: Database
    settings: PolicySettings
    clock: Clock
    follow: Callable[[], Iterable[Follows]] = tuple  # what acts by the policy; set by who builds that

    async def draft(self, caller: Caller, given: PolicyDraft) -> VersionView:
        """Enter a text and ask for a second person to publish it; raise `Invalid` with every fault."""
        found = read(given.text)
        effective, today = given.effective or found.effective, self._today()
        # A text that names no review was looked at last when it was adopted.
        reviewed = given.last_reviewed or found.last_reviewed or min(effective or today, today)
        authorised_by = (given.authorised_by or found.authorised_by).strip()
        if faults := tuple(_faults(given, effective, reviewed, authorised_by, today)):
            raise Invalid(faults)

        def transaction(connection: Connection) -> VersionView:
            now, taken = self.clock(), {*store.names(connection), self.settings.review.version}
            version = given.version or _next(taken)
            if version in taken:
                raise Conflict("POLICY_VERSION_EXISTS", f"there is a version {version} already")
            ident = new_id("pol", now)
            values = {
                "id": ident,
                "version": version,
                "text": given.text,
                "text_hash": digest(given.text),
                "effective": effective,
                "last_reviewed": reviewed,
                "authorised_by": authorised_by,
                "material": given.material,
                "status": "draft",
                "author_id": caller.person_id,
                "imported_at": now,
            }
            store.add_version(connection, values)
            _note(connection, now, caller.handle, "policy-imported", ident, version)
            row = _known(connection, ident)
            self._ask(connection, row, now)
            return version_view(row)

        return await self.database.write(transaction)

    def _ask(self, connection: Connection, row: RowMapping, now: datetime) -> Asked:
        return approvals.request(
            connection,
            self,
            kind=ApprovalKind.POLICY,
            target=row["id"],
            digest=_digest(connection, row),
            summary=f"version {row['version']} of the policy, effective {row['effective']}",
            person_id=row["author_id"],
            now=now,
            expires_at=now + timedelta(days=self.settings.approval_days),
        )

    async def publish(self, caller: Caller, ident: str) -> VersionView:
        """Put a draft in force, as the second person. Raises `NotFound` and `Conflict`."""

        def transaction(connection: Connection) -> Ruling:
            row, now = _known(connection, ident), self.clock()
            if row["status"] != "draft":
                raise Conflict(
                    "NOT_A_DRAFT", f"this version is {row['status']}: only a draft can be published"
                )
            asked = approvals.pending(connection, ApprovalKind.POLICY, ident) or self._ask(
                connection, row, now
            )
            return approvals.approve(connection, self, asked, caller, now)

        ruling = await self.database.write(transaction)
        await self.settled(ident)
        ruling.insist()
        return await self.version(ident)

    async def version(self, ident: str) -> VersionView:
        """Return one version. Raises `NotFound`."""
        return version_view(await self.database.read(lambda c: _known(c, ident)))

    async def versions(self) -> tuple[VersionView, ...]:
        """Return every version that was imported, newest first."""
        return tuple(version_view(row) for row in await self.database.read(store.versions))

    async def review(self, caller: Caller, on: date, note: str) -> ReviewView:
        """Record that the policy in force was reviewed on a day; raise `Invalid`."""
        before = self.settings.review
        if not before.last_reviewed <= on <= self._today():
            last = f"{before.last_reviewed.day} {before.last_reviewed:%B %Y}"
            raise Invalid((Fault("reviewed_on", f"must be from the last review ({last}) to today"),))

        def transaction(connection: Connection) -> None:
            now = self.clock()
            ident = new_id("rev", now)
            values = {
                "id": ident,
                "version": before.version,
                "reviewed_on": on,
                "person_id": caller.person_id,
                "note": note,
                "recorded_at": now,
            }
            store.add_review(connection, values)
            events.add(connection, now, "policy.reviewed", ident)
            _note(connection, now, caller.handle, "policy-reviewed", ident, on.isoformat(), clause="9.1")

        await self.database.write(transaction)
        await self.settled("")
        return (await self.reviews())[0]

    async def reviews(self) -> tuple[ReviewView, ...]:
        """Return every review that was recorded, newest first."""
        rows = await self.database.read(store.reviews)
        return tuple(
            ReviewView(row["version"], row["reviewed_on"], row["by"], row["note"], row["recorded_at"])
            for row in rows
        )

    def _today(self) -> date:
        return self.clock().astimezone(self.settings.zone).date()

    # -- as a subject of approvals ------------------------------------------------------------------

    scope: ClassVar = Scope.POLICY_PUBLISH

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of a draft and of what it would replace; None of what is no draft any more."""
        row = store.version(connection, asked.target)
        return _digest(connection, row) if row is not None and row["status"] == "draft" else None

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return the text and its dates."""
        row = _known(connection, asked.target)
        names = ("version", "effective", "last_reviewed", "authorised_by", "text_hash", "text")
        return {name: str(row[name]) for name in names}

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> None:
        """Put the draft in the place of what is in force."""
        row = _known(connection, asked.target)
        if row["effective"] > self._today():
            raise Conflict(
                "NOT_YET_EFFECTIVE", f"this version is effective from {row['effective']}; publish it then"
            )
        store.publish(connection, row["id"], by=by.person_id, now=now)
        events.add(connection, now, "policy.published", row["id"])
        _note(connection, now, by.handle, "policy-published", row["id"], row["version"])

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """Leave the draft as it is: it is not in force, and can be asked about again."""

    async def settled(self, target: str) -> None:  # noqa: ARG002 - whichever it was
        """Have everything act by what is in force now, between two transactions."""
        await self.database.write(self._take_up)

    def _take_up(self, connection: Connection) -> None:
        settings = in_force(connection, self.settings)
        for follower in (self, *self.follow()):
            follower.settings = settings


def version_view(row: RowMapping) -> VersionView:
    """Return a version as it is shown, with how its clauses compare with those that are enforced."""
    found, known = read(row["text"]), {clause.number for clause in register()}
    return VersionView(
        id=row["id"],
        version=row["version"],
        title=found.title,
        effective=row["effective"],
        last_reviewed=row["last_reviewed"],
        authorised_by=row["authorised_by"],
        material=row["material"],
        status=row["status"],
        text_hash=row["text_hash"],
        author=row["author"],
        imported_at=row["imported_at"],
        publisher=row["publisher"],
        published_at=row["published_at"],
        not_enforced=tuple(number for number in found.clauses if number not in known),
        not_in_text=tuple(sorted(known - found.clauses.keys())),
    )


def _faults(
    given: PolicyDraft, effective: date | None, reviewed: date, authorised_by: str, today: date
) -> Iterator[Fault]:
    if not 1 <= len(given.text.strip()) <= _LONGEST:
        yield Fault("text", f"must have 1 to {_LONGEST} characters")
    if given.version is not None and not 1 <= len(given.version.strip()) <= _LONGEST_NAME:
        yield Fault("version", f"must have 1 to {_LONGEST_NAME} characters")
    if effective is None:
        yield Fault("effective", "the text has no line 'Effective Date: DD/MM/YYYY': give the date")
    if reviewed > today:
        yield Fault(
            "last_reviewed", f"{reviewed.day} {reviewed:%B %Y} has not come yet (dates are day first)"
        )
    if not 1 <= len(authorised_by) <= _LONGEST_NAME:
        yield Fault("authorised_by", "the text has no line 'Authorised by: NAME': give the name")


def _next(taken: Iterable[str]) -> str:
    return str(max((int(name) for name in taken if name.isdecimal()), default=0) + 1)


def _digest(connection: Connection, row: RowMapping) -> bytes:
    """Return a digest of a version and of the one that it would replace."""
    names = ("id", "version", "effective", "last_reviewed", "authorised_by", "material", "text_hash")
    before = store.published(connection)
    replaced = "" if before is None else before["id"]
    return bytes.fromhex(digest("\n".join([replaced, *(str(row[name]) for name in names)])))


def _known(connection: Connection, ident: str) -> RowMapping:
    row = store.version(connection, ident)
    if row is None:
        raise NotFound(f"there is no version {ident} of the policy; `schoolgate policy versions` shows them")
    return row


def _note(
    connection: Connection,
    now: datetime,
    by: str,
    action: str,
    target: str,
    outcome: str,
    clause: str = "9.2",
) -> None:
    audit.record(connection, now, actor=by, action=action, target=target, outcome=outcome, clauses=[clause])
