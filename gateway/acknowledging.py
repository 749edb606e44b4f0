"""What people owe the policy: to acknowledge it, and to be trained; who has not, and telling them (9.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from gateway.batches import Batches
from gateway.clock import MONTH
from gateway.errors import Conflict, Fault, Invalid
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import BatchRecipient, BatchRequest, Caller
from gateway.records.policy import MemberView, PolicyView, Told, TrainingView
from gateway.register import known
from gateway.store import Database, Keyring, audit, people, standing
from gateway.store import policy as store
from policy import PolicySettings
from policy.document import digest, statement

_SOON: Final = timedelta(days=30)  # in which a role's end is worth a word


def acknowledge(
    connection: Connection,
    settings: PolicySettings,
    person: Mapping[Any, Any],
    *,
    method: str,
    by: str,
    now: datetime,
) -> None:
    """Record that a person acknowledged the policy in force: what they were shown, its hash, when and how.

    `method`: api, command or paper.
    """
    published = store.published(connection)
    text_hash = published["text_hash"] if published is not None else None
    shown, owed = statement(settings, person["handle"], text_hash), settings.review.to_acknowledge
    values = {
        "id": new_id("ack", now),
        "person_id": person["id"],
        "version": owed,
        "statement": shown,
        "statement_hash": digest(shown),
        "text_hash": text_hash,
        "method": method,
        "recorded_by": by,
        "at": now,
    }
    store.add_acknowledgement(connection, values)
    people.amend(connection, person["id"], acknowledged_version=owed, acknowledged_at=now)
    detail = {"method": method, "statement": digest(shown)}
    _note(connection, now, by, "policy-acknowledged", person["handle"], settings.review.version, detail)


@dataclass(slots=True)
class Members:
    """The people under the policy."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock
    batches: Batches

    async def policy(self, caller: Caller) -> PolicyView:
        """Return the policy in force as the caller's person sees it."""
        return await self.database.read(lambda c: self._policy(c, caller.handle))

    def _policy(self, connection: Connection, handle: str) -> PolicyView:
        settings, review = self.settings, self.settings.review
        published, row = store.published(connection), people.by_handle(connection, handle)
        text_hash = published["text_hash"] if published is not None else None
        shown = statement(settings, handle, text_hash)
        late = settings.overdue_by(self.clock().astimezone(settings.zone).date())
        begins = review.due + timedelta(days=review.grace_days)
        blocks = late is not None and late.days > review.grace_days and review.overdue != "warn"
        has = row is not None and row["acknowledged_version"] == review.to_acknowledge
        return PolicyView(
            organisation=settings.organisation,
            version=review.version,
            source="file" if published is None else "published",
            effective=review.effective,
            last_reviewed=review.last_reviewed,
            due=review.due,
            overdue_days=late.days if late is not None else 0,
            consequence=review.overdue,
            blocks_since=begins + timedelta(days=1) if blocks else None,
            authorised_by=review.authorised_by,
            text=published["text"] if published is not None else None,
            text_hash=text_hash,
            statement=shown,
            statement_hash=digest(shown),
            acknowledged_at=row["acknowledged_at"] if row is not None and has else None,
        )

    async def acknowledge(self, caller: Caller, statement_hash: str) -> PolicyView:
        """Record that the caller's person agrees to the statement that has this hash.

        Raises `Conflict` where it is not the statement of now: it was another that they were shown.
        """

        def transaction(connection: Connection) -> PolicyView:
            now = self.clock()
            if self._policy(connection, caller.handle).statement_hash != statement_hash:
                raise Conflict(
                    "STATEMENT_CHANGED", "this is not what is to be acknowledged now: read it again"
                )
            row = known(connection, caller.handle)
            acknowledge(connection, self.settings, row, method="api", by=caller.handle, now=now)
            return self._policy(connection, caller.handle)

        return await self.database.write(transaction)

    async def all(self, *, owing: bool = False) -> tuple[MemberView, ...]:
        """Return everybody, by handle, with what they owe; `owing`: who acts and has not acknowledged."""
        found = await self.database.read(self._all)
        return tuple(each for each in found if each.owes or not owing)

    def _all(self, connection: Connection) -> tuple[MemberView, ...]:
        now, owed = self.clock(), self.settings.review.to_acknowledge
        said, stands = store.acknowledgements(connection, owed), standing.of_everybody(connection)
        roles = people.roles_of_all(connection)
        return tuple(
            self._member(row, roles.get(row["id"], {}), said, stands, owed, now)
            for row in people.everybody(connection)
        )

    def _member(
        self,
        row: Mapping[Any, Any],
        roles: Mapping[str, datetime],
        said: Mapping[str, Mapping[Any, Any]],
        stands: Mapping[str, Mapping[Any, Any]],
        owed: str,
        now: datetime,
    ) -> MemberView:
        ident = row["id"]
        has, stand = row["acknowledged_version"] == owed, stands.get(ident, {})
        shown = said.get(ident, {}) if has else {}
        return MemberView(
            handle=row["handle"],
            name=self.keyring.open("person", "name", ident, row["name_sealed"]),
            status=row["status"],
            roles=roles,
            roles_ending=tuple(sorted(name for name, end in roles.items() if end <= now + _SOON)),
            acknowledged_at=row["acknowledged_at"] if has else None,
            method=shown.get("method"),
            statement_hash=shown.get("statement_hash"),
            trained_until=stand.get("trained_until"),
            sending_suspended_at=stand.get("sending_suspended_at"),
            has_number=stand.get("number_sealed") is not None,
        )

    async def train(self, caller: Caller, person: str, course: str, on: date) -> TrainingView:
        """Record that a person was trained on a day; it counts for the policy's months."""
        if on > self.clock().astimezone(self.settings.zone).date():
            raise Invalid((Fault("completed_on", "has not come yet"),))
        begin = datetime.combine(on, time(), self.settings.zone).astimezone(UTC)
        end = begin + self.settings.training.months * MONTH

        def transaction(connection: Connection) -> TrainingView:
            now, row = self.clock(), known(connection, person)
            values = {"id": new_id("trn", now), "person_id": row["id"], "course": course}
            values |= {
                "completed_on": on,
                "expires_at": end,
                "recorded_by": caller.handle,
                "recorded_at": now,
            }
            store.add_training(connection, values)
            until = max(end, standing.trained_until(connection, row["id"]) or end)
            standing.amend(connection, row["id"], trained_until=until)
            _note(connection, now, caller.handle, "trained", person, "recorded", {"until": until.isoformat()})
            return TrainingView(person, course, on, end, caller.handle, now)

        return await self.database.write(transaction)

    async def trainings(self) -> tuple[TrainingView, ...]:
        """Return every training, newest first."""
        return tuple(
            TrainingView(
                row["handle"],
                row["course"],
                row["completed_on"],
                row["expires_at"],
                row["recorded_by"],
                row["recorded_at"],
            )
            for row in await self.database.read(store.trainings)
        )

    async def tell(self, caller: Caller, template: str, slots: Mapping[str, str]) -> tuple[Told, ...]:
        """Text whoever has not acknowledged the policy in force: an approved template, as anybody is texted.

        Whoever has no number here, or may not be texted, is in the answer with why: tell them otherwise.
        """
        numbers, without = await self.database.read(self._to_tell)
        told = [Told(handle, None, ("NO_NUMBER",)) for handle in without]
        if numbers:
            recipients = tuple(BatchRecipient(to=number) for number in numbers.values())
            request = BatchRequest(template=template, recipients=recipients, slots=slots)
            receipt = await self.batches.submit(caller, request)
            for handle, line in zip(numbers, receipt.lines, strict=True):
                reasons = line.decision.reasons if line.decision is not None else ()
                message = line.receipt.id if line.receipt is not None else None
                told.append(Told(handle, message, tuple(reason.code.value for reason in reasons)))
        return tuple(sorted(told, key=lambda each: each.person))

    def _to_tell(self, connection: Connection) -> tuple[dict[str, str], list[str]]:
        """Return the numbers of those to be told, and the handles of those without one."""
        numbers, without = {}, []
        stands = standing.of_everybody(connection)
        for row in people.everybody(connection):
            owes = row["acknowledged_version"] != self.settings.review.to_acknowledge
            if row["status"] != "active" or not owes:
                continue
            sealed = stands[row["id"]]["number_sealed"] if row["id"] in stands else None
            if sealed is None:
                without.append(row["handle"])
            else:
                numbers[row["handle"]] = self.keyring.open("standing", "number", row["id"], sealed)
        return numbers, without


def _note(
    connection: Connection,
    now: datetime,
    by: str,
    action: str,
    target: str,
    outcome: str,
    detail: Mapping[str, object],
) -> None:
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=target,
        outcome=outcome,
        clauses=["9.2"],
        detail=detail,
    )
