"""What the API offers about contacts, groups, consents and numbers in doubt: part of the one table."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from api.codes import POLICY
from api.handlers import consents, contacts
from api.reading import CSV
from api.route import LARGE, Route
from api.schema.base import Listing, Nothing, Paging
from api.schema.consents import NewOptIn, NewWording, OptIn, Soon, Wording
from api.schema.contacts import (
    Contact,
    ContactCsv,
    ContactFilter,
    ContactsImported,
    Group,
    Members,
    NewContact,
    NewGroup,
    NewSuspect,
    Suspect,
    Verified,
)
from api.schema.recipients import Consent
from gateway.records import Scope

CONTACT_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", "/v1/contacts", contacts.contacts, Scope.CONTACTS_READ, ContactFilter, Listing[Contact]),
    Route(
        "POST",
        "/v1/contacts",
        contacts.add_contact,
        Scope.CONTACTS_WRITE,
        NewContact,
        Contact,
        status=201,
        codes=("CONTACT_EXISTS",),
    ),
    Route(
        "POST",
        "/v1/contacts/import",
        contacts.import_contacts,
        Scope.CONTACTS_WRITE,
        ContactCsv,
        ContactsImported,
        status=201,
        media=CSV,
        limit=LARGE,
    ),
    Route(
        "GET",
        "/v1/contacts/export",
        contacts.export_contacts,
        Scope.CONTACTS_READ,
        Nothing,
        web.Response,
        produces=CSV,
    ),
    Route("GET", "/v1/contacts/{id}", contacts.contact, Scope.CONTACTS_READ, Nothing, Contact),
    Route(
        "PUT",
        "/v1/contacts/{id}",
        contacts.change_contact,
        Scope.CONTACTS_WRITE,
        NewContact,
        Contact,
        conditional=True,
        codes=("CONTACT_EXISTS", "LEGAL_HOLD"),
    ),
    Route(
        "DELETE",
        "/v1/contacts/{id}",
        contacts.remove_contact,
        Scope.CONTACTS_WRITE,
        Nothing,
        type(None),
        status=204,
        conditional=True,
        codes=("LEGAL_HOLD",),
    ),
    Route("GET", "/v1/groups", contacts.groups, Scope.GROUPS_READ, Nothing, Listing[Group]),
    Route(
        "POST",
        "/v1/groups",
        contacts.add_group,
        Scope.CONTACTS_WRITE,
        NewGroup,
        Group,
        status=201,
        codes=("GROUP_EXISTS",),
    ),
    Route("GET", "/v1/groups/{id}", contacts.group, Scope.GROUPS_READ, Nothing, Group),
    Route(
        "PUT",
        "/v1/groups/{id}",
        contacts.change_group,
        Scope.CONTACTS_WRITE,
        NewGroup,
        Group,
        conditional=True,
        codes=("GROUP_EXISTS",),
    ),
    Route(
        "DELETE",
        "/v1/groups/{id}",
        contacts.remove_group,
        Scope.CONTACTS_WRITE,
        Nothing,
        type(None),
        status=204,
        conditional=True,
    ),
    Route(
        "POST",
        "/v1/groups/{id}/members",
        contacts.alter_group,
        Scope.CONTACTS_WRITE,
        Members,
        Group,
        conditional=True,
    ),
    Route("GET", "/v1/consents/expiring", consents.expiring, Scope.CONSENTS_READ, Soon, Listing[Consent]),
    Route(
        "GET",
        "/v1/consents/export",
        consents.export_consents,
        Scope.CONSENTS_READ,
        Nothing,
        web.Response,
        produces=CSV,
    ),
    Route("GET", "/v1/opt-ins", consents.opt_ins, Scope.CONSENTS_READ, Paging, Listing[OptIn]),
    Route(
        "POST",
        "/v1/opt-ins",
        consents.ask,
        Scope.CONSENTS_WRITE,
        NewOptIn,
        OptIn,
        status=201,
        codes=(*POLICY, "CONFIRMATION_OFF", "CONFIRMATION_ASKED"),
    ),
    Route("GET", "/v1/wordings", consents.wordings, Scope.CONSENTS_READ, Nothing, Listing[Wording]),
    Route(
        "POST", "/v1/wordings", consents.add_wording, Scope.CONSENTS_WRITE, NewWording, Wording, status=201
    ),
    Route("GET", "/v1/wordings/{id}", consents.wording, Scope.CONSENTS_READ, Nothing, Wording),
    Route("GET", "/v1/suspect-numbers", contacts.suspects, Scope.CONTACTS_READ, Nothing, Listing[Suspect]),
    Route(
        "POST",
        "/v1/suspect-numbers",
        contacts.add_suspect,
        Scope.CONTACTS_WRITE,
        NewSuspect,
        type(None),
        status=204,
    ),
    Route(
        "POST",
        "/v1/suspect-numbers/{id}/verify",
        contacts.verify_suspect,
        Scope.CONTACTS_WRITE,
        Verified,
        type(None),
        status=204,
    ),
)
