"""The use cases that the edges (HTTP, command line) may call, gathered for them."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.access import Access
from gateway.acknowledging import Members
from gateway.alerts import Alerts
from gateway.batch_check import BatchChecks
from gateway.batches import Batches
from gateway.compliance import Compliance
from gateway.consents import Consents
from gateway.consoles import Consoles
from gateway.contact_import import ContactImport
from gateway.contacts import Contacts
from gateway.document import PolicyDocument
from gateway.doubts import Doubts
from gateway.events import Events
from gateway.evidence import Evidence
from gateway.forecast import Forecasts
from gateway.govuk import GovukAccess
from gateway.granting import Granting
from gateway.groups import Groups
from gateway.health import Health
from gateway.incidents import Incidents
from gateway.lexicon import Lexicon
from gateway.lifting import Lifting
from gateway.opt_ins import OptIns
from gateway.optouts import OptOuts
from gateway.outbound import Outbound
from gateway.queries import Queries
from gateway.second_person import Approvals
from gateway.suspects import Suspects
from gateway.switch import Sending
from gateway.templates import Templates
from gateway.violations import Violations
from gateway.webhooks import Webhooks
from gateway.wordings import Wordings


@dataclass(frozen=True, slots=True)
class UseCases:
    """One of each, built in the composition root."""

    access: Access
    outbound: Outbound
    batches: Batches
    batch_checks: BatchChecks
    queries: Queries
    optouts: OptOuts
    consents: Consents
    contacts: Contacts
    contact_import: ContactImport
    groups: Groups
    suspects: Suspects
    opt_ins: OptIns
    wordings: Wordings
    templates: Templates
    health: Health
    events: Events
    webhooks: Webhooks
    forecasts: Forecasts
    govuk: GovukAccess
    doubts: Doubts
    approvals: Approvals
    lifting: Lifting
    lexicon: Lexicon
    granting: Granting
    sending: Sending
    document: PolicyDocument
    members: Members
    evidence: Evidence
    violations: Violations
    alerts: Alerts
    consoles: Consoles
    compliance: Compliance
    incidents: Incidents
