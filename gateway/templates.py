"""Templates: drafted by one person, approved by another, retired (clause 3.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final

from sqlalchemy import Connection

from gateway import approvals, sms
from gateway.approvals import Asked
from gateway.clock import MONTH
from gateway.errors import Conflict, Fault, Invalid, NotFound, PreconditionFailed
from gateway.ids import new_id
from gateway.model import Clock
from gateway.records import ApprovalKind, Caller, Scope, TemplatePreview, TemplateRequest, TemplateView
from gateway.store import Database, audit
from gateway.store import templates as store
from gateway.store.prepared import Row
from gateway.vocabulary import Vocabulary
from policy import Match, PolicySettings, Rendered, check_template, match, render

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_ON_DOUBT: Final = ("ask", "resend")


@dataclass(slots=True)
class Templates:
    """The approved wordings. A version never changes; an edit is a new draft beside the live one."""

    database: Database
    settings: PolicySettings
    clock: Clock
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    async def draft(self, caller: Caller, request: TemplateRequest, seen: str | None = None) -> TemplateView:
        """Enter a new version, which sends nothing yet; raise `Invalid` with every fault.

        `seen` is the tag of the version that the caller began with; if it is not the newest any more,
        `PreconditionFailed`.
        """
        if faults := tuple(self._faults(request)):
            raise Invalid(faults)

        def transaction(connection: Connection) -> TemplateView:
            now = self.clock()
            if seen is not None:
                _as_seen(store.newest(connection, request.name, request.language), seen)
            ident = new_id("tpl", now)
            values = {
                "id": ident,
                "name": request.name,
                "language": request.language,
                "purpose": request.purpose,
                "body": request.body,
                "slots": {name: dict(spec) for name, spec in request.slots.items()},
                "urgent": request.urgent,
                "on_doubt": request.on_doubt,
                "status": "draft",
                "author_id": caller.person_id,
                "created_at": now,
            }
            version = store.add(connection, values)
            self._note(connection, caller.handle, "template-drafted", ident, "draft", version)
            row = _present(store.one(connection, ident))
            self._ask(connection, row, now)
            return _view(row)

        return await self.database.write(transaction)

    async def approve(self, caller: Caller, ident: str, seen: str | None = None) -> TemplateView:
        """Let a draft send, for the policy's months; the version before it is retired.

        The same as to approve what was asked about it. Raises `Conflict` where the caller wrote it, where it
        is no draft, or where it has become unsound.
        """

        def transaction(connection: Connection) -> tuple[approvals.Ruling, TemplateView]:
            row, now = _known(connection, ident), self.clock()
            if seen is not None:
                _as_seen(row, seen)
            if row["status"] != "draft":
                raise Conflict(
                    "NOT_A_DRAFT", f"this version is {row['status']}: only a draft can be approved"
                )
            asked = approvals.pending(connection, ApprovalKind.TEMPLATE, ident) or self._ask(
                connection, row, now
            )
            ruling = approvals.approve(connection, self, asked, caller, now)
            return ruling, _view(_known(connection, ident))

        ruling, made = await self.database.write(transaction)
        ruling.insist()
        return made

    # -- as a subject of approvals ------------------------------------------------------------------

    scope: ClassVar = Scope.TEMPLATES_APPROVE

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of a draft; None of what is no draft any more."""
        row = store.one(connection, asked.target)
        return _digest(row) if row is not None and row["status"] == "draft" else None

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:
        """Return the wording."""
        row = _known(connection, asked.target)
        names = ("name", "language", "purpose", "body")
        return {name: row[name] for name in names} | {"slots": json.dumps(row["slots"])}

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> None:
        """Let the draft send; the version before it is retired."""
        row = _known(connection, asked.target)
        if faults := check_template(row["body"], row["slots"], self.settings, self.vocabulary.words):
            raise Conflict("TEMPLATE_UNSOUND", "; ".join(fault.message for fault in faults))
        end = now + self.settings.approval_months * MONTH
        store.approve(connection, row, approver_id=by.person_id, now=now, expires_at=end)
        self._note(connection, by.handle, "template-approved", asked.target, "approved", row["version"])

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """Retire the draft."""
        row = _known(connection, asked.target)
        if row["status"] == "draft":
            store.retire(connection, asked.target, now)
            self._note(connection, by, "template-retired", asked.target, "retired", row["version"])

    async def settled(self, target: str) -> None:
        """Nothing follows."""

    def _ask(self, connection: Connection, row: Row, now: datetime) -> Asked:
        """Ask for the second person, in the author's name."""
        return approvals.request(
            connection,
            self,
            kind=ApprovalKind.TEMPLATE,
            target=row["id"],
            digest=_digest(row),
            summary=f"template {row['name']} ({row['language']}), version {row['version']}",
            person_id=row["author_id"],
            now=now,
            expires_at=now + timedelta(days=self.settings.approval_days),
        )

    async def retire(self, caller: Caller, ident: str, seen: str | None = None) -> TemplateView:
        """End a version; what is queued from it is refused at hand-off. Retiring twice changes nothing."""

        def transaction(connection: Connection) -> TemplateView:
            row = _known(connection, ident)
            if seen is not None:
                _as_seen(row, seen)
            if row["status"] != "retired":
                store.retire(connection, ident, self.clock())
                self._note(connection, caller.handle, "template-retired", ident, "retired", row["version"])
            return _view(_known(connection, ident))

        return await self.database.write(transaction)

    async def list(self, *, name: str | None = None, status: str | None = None) -> tuple[TemplateView, ...]:
        """Return versions by name, language and version."""
        rows = await self.database.read(lambda c: store.every(c, name, status))
        return tuple(_view(row) for row in rows)

    async def recognised(self, text: str) -> tuple[TemplateView, Match] | None:
        """Return the approved template that a finished text is an instance of, and what is in its slots.

        Of several it is one whose slots fit, and that has most of the words itself.
        """
        now = self.clock()
        found = [
            (template, made)
            for template in await self.list(status="approved")
            if (made := match(text, template.body, template.slots, self.settings, now)) is not None
        ]
        return max(found, key=lambda each: (not each[1].reasons, each[1].literal), default=None)

    async def get(self, ident: str) -> TemplateView:
        """Return one version."""
        return _view(await self.database.read(lambda c: _known(c, ident)))

    async def preview(self, ident: str, slots: Mapping[str, str]) -> tuple[TemplateView, Rendered]:
        """Return a version and its text with these values, and what is wrong with them; nothing is sent."""
        made = await self.get(ident)
        return made, render(made.body, made.slots, slots, self.settings, self.clock(), made.language)

    async def preview_of(self, ident: str, slots: Mapping[str, str]) -> TemplatePreview:
        """Return what `preview` does, counted: characters, parts, and what forces UCS-2."""
        _, rendered = await self.preview(ident, slots)
        split = sms.split(rendered.text)
        return TemplatePreview(
            text=rendered.text,
            characters=len(rendered.text),
            parts=len(split.parts),
            alphabet=split.alphabet.value,
            units=split.units,
            forced_by=split.forced_by,
            reasons=rendered.reasons,
        )

    def _faults(self, request: TemplateRequest) -> Iterator[Fault]:
        if not _NAME.fullmatch(request.name):
            yield Fault("name", "must be 1 to 64 of a-z, 0-9, '_' and '-', beginning with a letter")
        if not _LANGUAGE.fullmatch(request.language):
            yield Fault("language", "must be a language tag such as en or cy")
        if request.purpose not in self.settings.purposes:
            yield Fault("purpose", f"must be one of {', '.join(self.settings.purposes)}")
        if request.on_doubt not in _ON_DOUBT:
            yield Fault("on_doubt", "must be ask or resend")
        elif request.on_doubt == "resend" and not request.urgent:
            yield Fault(
                "on_doubt", "resend is for urgent templates only: a doubled message is the lesser harm there"
            )
        for reason in check_template(request.body, request.slots, self.settings, self.vocabulary.words):
            yield Fault(reason.field or "body", reason.message)

    def _note(
        self, connection: Connection, by: str, action: str, ident: str, outcome: str, version: int
    ) -> None:
        audit.record(
            connection,
            self.clock(),
            actor=by,
            action=action,
            target=ident,
            outcome=outcome,
            clauses=["3.3"],
            detail={"version": version},
        )


def tag(ident: str, status: str) -> str:
    """Return the mark of a version as it is now: its words never change, its status does."""
    return f"{ident}-{status}"


_CONTENT: Final = ("name", "language", "version", "purpose", "body", "slots", "urgent", "on_doubt")


def _digest(row: Row) -> bytes:
    """Return the digest of all that a version says and does."""
    content = {name: row[name] for name in _CONTENT}
    return sha256(json.dumps(content, sort_keys=True).encode()).digest()


def _as_seen(row: Row | None, seen: str) -> None:
    if row is None or tag(row["id"], row["status"]) != seen:
        raise PreconditionFailed("the template has been changed since: read it again")


def _known(connection: Connection, ident: str) -> Row:
    row = store.one(connection, ident)
    if row is None:
        raise NotFound(f"there is no template version {ident}")
    return row


def _present(row: Row | None) -> Row:
    assert row is not None  # noqa: S101 - written in the same transaction before
    return row


def _view(row: Row) -> TemplateView:
    return TemplateView(
        id=row["id"],
        name=row["name"],
        version=row["version"],
        language=row["language"],
        purpose=row["purpose"],
        body=row["body"],
        slots=row["slots"],
        urgent=row["urgent"],
        on_doubt=row["on_doubt"],
        status=row["status"],
        author=row["author"],
        approver=row["approver"],
        created_at=row["created_at"],
        approved_at=row["approved_at"],
        expires_at=row["expires_at"],
    )
