"""The organisation's own words: proposed by one person, published by another, in force at once (2.2, 5.3).

A version never changes. It is compiled in a thread of its own, so that nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import unified_diff
from hashlib import sha256
from typing import ClassVar, Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway import approvals
from gateway.approvals import Asked
from gateway.errors import Fault, Invalid
from gateway.facts import PolicyDesk
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import ApprovalKind, Caller, Scope
from gateway.records.lexicon import LexiconView
from gateway.rejudging import Rejudging
from gateway.store import Database, audit
from gateway.store import lexicon as store
from policy import PolicyFileError
from policy.words import OwnWords, Words, compile_words

log = structlog.get_logger()

_CLAUSES: Final = ("2.2", "5.3")
_NONE: Final = LexiconView(None, 0, "", "published", None, None, None, None, None)


@dataclass(slots=True)
class Lexicon:
    """The versions of the organisation's own words, and which are in force. Also a subject of approvals."""

    database: Database
    desk: PolicyDesk
    clock: Clock

    async def propose(self, caller: Caller, document: str) -> LexiconView:
        """Enter a whole new document, which a second person publishes. Raises `Invalid` with every fault."""
        try:
            await asyncio.to_thread(lambda: compile_words(OwnWords.parse(document), 0))
        except PolicyFileError as exc:
            raise Invalid(tuple(Fault("document", problem) for problem in exc.problems)) from exc

        def transaction(connection: Connection) -> LexiconView:
            now = self.clock()
            ident = new_id("lex", now)
            values = {
                "id": ident,
                "document": document,
                "status": "draft",
                "author_id": caller.person_id,
                "created_at": now,
            }
            version = store.add(connection, values)
            self._note(connection, caller.handle, "lexicon-proposed", ident, "draft", now)
            approvals.request(
                connection,
                self,
                kind=ApprovalKind.LEXICON,
                target=ident,
                digest=_digest(connection, document),
                summary=f"own words, version {version}",
                person_id=caller.person_id,
                now=now,
                expires_at=now + timedelta(days=self.desk.settings.approval_days),
            )
            return _view(_known(connection, ident))

        return await self.database.write(transaction)

    async def published(self) -> LexiconView:
        """Return what is in force."""
        row = await self.database.read(store.published)
        return _NONE if row is None else _view(row)

    async def history(self) -> tuple[LexiconView, ...]:
        """Return every version, newest first."""
        return tuple(_view(row) for row in await self.database.read(store.every))

    async def recall(self) -> None:
        """Judge by what is published. A document that an upgrade has made faulty is left out, and told."""
        row = await self.database.read(store.published)
        self.desk.vocabulary.words = None if row is None else await asyncio.to_thread(_usable, row)

    # -- as a subject of approvals ------------------------------------------------------------------

    scope: ClassVar = Scope.APPROVE

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of a draft and of what it would replace; None of what is no draft any more."""
        row = store.one(connection, asked.target)
        if row is None or row["status"] != "draft":
            return None
        return _digest(connection, row["document"])

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return the document, and what it changes."""
        document = _known(connection, asked.target)["document"]
        before = store.published(connection)
        old = before["document"] if before else ""
        changes = unified_diff(old.splitlines(), document.splitlines(), "in force", "proposed", lineterm="")
        return {"changes": "\n".join(changes), "document": document}

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> None:
        """Publish it; the version before it is retired."""
        store.publish(connection, asked.target, approver_id=by.person_id, now=now)
        self._note(connection, by.handle, "lexicon-published", asked.target, "published", now)

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """End the draft."""
        if store.refuse(connection, asked.target, now):
            self._note(connection, by, "lexicon-refused", asked.target, "refused", now)

    async def settled(self, target: str) -> None:  # noqa: ARG002 - whichever is published now
        """Judge by it from now on, and what waits, too."""
        await self.recall()
        await self.follow()

    async def follow(self) -> None:
        """Judge what waits by what is in force: after a change, and after a start that cut that off."""
        if self.desk.vocabulary.words is not None:
            ended = await Rejudging(self.database, self.desk, self.clock).run()
            log.info("own words in force", action="lexicon_in_force", ended=ended)

    def _note(
        self, connection: Connection, by: str, action: str, ident: str, outcome: str, now: datetime
    ) -> None:
        version = _known(connection, ident)["version"]
        audit.record(
            connection,
            now,
            actor=by,
            action=action,
            target=ident,
            outcome=outcome,
            clauses=_CLAUSES,
            detail={"version": version},
        )


def _usable(row: RowMapping) -> Words | None:
    try:
        return compile_words(OwnWords.kept(row["document"]), row["version"])
    except PolicyFileError as exc:
        log.error("own words unusable", action="lexicon_unusable", version=row["version"], why=str(exc))  # noqa: TRY400
        return None


def _digest(connection: Connection, document: str) -> bytes:
    before = store.published(connection)
    return sha256(repr([before["id"] if before else None, document]).encode()).digest()


def _known(connection: Connection, ident: str) -> RowMapping:
    row = store.one(connection, ident)
    assert row is not None  # noqa: S101 - versions are never removed
    return row


def _view(row: RowMapping) -> LexiconView:
    return LexiconView(
        id=row["id"],
        version=row["version"],
        document=row["document"],
        status=row["status"],
        author=row["author"],
        approver=row["approver"],
        created_at=row["created_at"],
        published_at=row["published_at"],
        ended_at=row["ended_at"],
    )
