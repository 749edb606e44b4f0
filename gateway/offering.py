"""Builds the use cases: what the edges may call, each made once."""

from __future__ import annotations

from datetime import timedelta

from gateway.access import Access
from gateway.acknowledging import Members
from gateway.alerts import alerts_of
from gateway.approvals import Subject
from gateway.batch_approval import BatchApproval
from gateway.batch_check import BatchChecks
from gateway.batches import Batches
from gateway.bell import Bell
from gateway.building import Store, routing_of
from gateway.clock import utc_now
from gateway.compliance import Compliance
from gateway.config import Config
from gateway.consents import Consents
from gateway.consoles import Consoles
from gateway.contact_import import ContactImport
from gateway.contacts import Contacts
from gateway.document import PolicyDocument
from gateway.doubts import Doubts
from gateway.evidence import Evidence
from gateway.facts import PolicyDesk
from gateway.forecast import Forecasts
from gateway.gate import Gate
from gateway.govuk import GovukAccess
from gateway.granting import Granting
from gateway.groups import Groups
from gateway.health import Health
from gateway.incidents import Incidents
from gateway.lexicon import Lexicon
from gateway.lifting import Lifting
from gateway.modem import Modem
from gateway.opt_ins import OptIns
from gateway.optouts import OptOuts
from gateway.outbound import Outbound
from gateway.own_texts import OwnTexts
from gateway.queries import Queries
from gateway.records import ApprovalKind
from gateway.second_person import Approvals
from gateway.sender import Sender
from gateway.suspects import Suspects
from gateway.switch import Sending
from gateway.telling import Telling
from gateway.templates import Templates
from gateway.usecases import UseCases
from gateway.violations import Violations
from gateway.wordings import Wordings


def use_cases_of(
    config: Config,
    store: Store,
    desk: PolicyDesk,
    gate: Gate,
    bell: Bell,
    sending: Sending,
    modems: tuple[Modem, ...],
    senders: tuple[Sender, ...],
    telling: Telling,
) -> UseCases:
    """Return what the edges may call."""
    database, keyring, settings = store.database, store.keyring, store.settings
    validity, lane = timedelta(hours=config.sending.validity_hours), routing_of(config).lane
    outbound = Outbound(
        database=database,
        keyring=keyring,
        desk=desk,
        bell=bell,
        clock=utc_now,
        validity=validity,
        lines=senders,
        lane=lane,
    )
    access = Access(database=database, keyring=keyring, settings=settings, clock=utc_now)
    templates = Templates(database, settings, utc_now, desk.vocabulary)
    document, batches = PolicyDocument(database, settings, utc_now), Batches(outbound=outbound)
    consents = Consents(
        database=database,
        keyring=keyring,
        settings=settings,
        clock=utc_now,
        allow_drama=config.policy.allow_drama_numbers,
    )
    lifting, lexicon = Lifting(consents), Lexicon(database, desk, utc_now)
    granting = Granting(access)
    subjects: dict[ApprovalKind, Subject] = {
        ApprovalKind.BATCH: BatchApproval(outbound),
        ApprovalKind.MESSAGE: outbound.approval,
        ApprovalKind.TEMPLATE: templates,
        ApprovalKind.POLICY: document,
        ApprovalKind.OPT_OUT_LIFT: lifting,
        ApprovalKind.LEXICON: lexicon,
        ApprovalKind.ROLE: granting,
    }
    contacts = Contacts(database, keyring, settings, utc_now, config.policy.allow_drama_numbers)
    forecasts = Forecasts(database, senders, lambda: desk.settings.hours(desk.holidays(), ""), utc_now)
    return UseCases(
        access=access,
        govuk=GovukAccess(access),
        outbound=outbound,
        batches=batches,
        batch_checks=BatchChecks(outbound, forecasts),
        queries=Queries(database, keyring),
        optouts=OptOuts(
            database=database, keyring=keyring, settings=settings, gate=gate, bell=bell, clock=utc_now
        ),
        consents=consents,
        lifting=lifting,
        lexicon=lexicon,
        granting=granting,
        templates=templates,
        health=Health(database, modems, utc_now, sending.switch, settings.zone),
        events=telling.events,
        webhooks=telling.webhooks,
        forecasts=forecasts,
        sending=sending,
        violations=Violations(database, settings, utc_now),
        document=document,
        evidence=Evidence(database, utc_now),
        members=Members(database, keyring, settings, utc_now, batches),
        contacts=contacts,
        contact_import=ContactImport(contacts),
        groups=Groups(database, settings, utc_now),
        suspects=Suspects(database, keyring, settings, utc_now),
        opt_ins=OptIns(consents, outbound),
        wordings=Wordings(database, utc_now),
        doubts=Doubts(database=database, keyring=keyring, bell=bell, clock=utc_now),
        approvals=Approvals(database=database, keyring=keyring, clock=utc_now, subjects=subjects),
        consoles=Consoles(database, modems, utc_now),
        alerts=alerts_of(config, database, OwnTexts(keyring, lane), settings, modems, bell, utc_now),
        compliance=Compliance(database=database, keyring=keyring, settings=settings, clock=utc_now),
        incidents=Incidents(database=database, keyring=keyring, settings=settings, clock=utc_now),
    )
