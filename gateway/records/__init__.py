"""What use cases take and give: plain frozen records, free of HTTP and of tables."""

from __future__ import annotations

from gateway.records.access import Caller, KeyKind, KeyView, PersonView, Scope
from gateway.records.approvals import ApprovalKind, ApprovalOutcome, ApprovalView
from gateway.records.contacts import (
    ContactLine,
    ContactReport,
    ContactRequest,
    ContactView,
    GroupRequest,
    GroupView,
    SuspectView,
)
from gateway.records.listing import Page, T
from gateway.records.receiving import InboxView, QuarantineView
from gateway.records.recipients import (
    ConsentRequest,
    ConsentView,
    HoldView,
    ImportedLine,
    ImportReport,
    OptInView,
    SuppressionView,
    WordingView,
)
from gateway.records.sending import (
    BatchForeseen,
    BatchLine,
    BatchReceipt,
    BatchRecipient,
    BatchReport,
    BatchRequest,
    CheckReport,
    MessageRequest,
    Priority,
    Receipt,
)
from gateway.records.sent import AuditView, BatchView, MessageView, PartView
from gateway.records.service import Forecast, Lane, Readiness
from gateway.records.telling import DeliveryView, EndpointRequest, EndpointView
from gateway.records.templates import TemplatePreview, TemplateRequest, TemplateView

__all__ = [
    "ApprovalKind",
    "ApprovalOutcome",
    "ApprovalView",
    "AuditView",
    "BatchForeseen",
    "BatchLine",
    "BatchReceipt",
    "BatchRecipient",
    "BatchReport",
    "BatchRequest",
    "BatchView",
    "Caller",
    "CheckReport",
    "ConsentRequest",
    "ConsentView",
    "ContactLine",
    "ContactReport",
    "ContactRequest",
    "ContactView",
    "DeliveryView",
    "EndpointRequest",
    "EndpointView",
    "Forecast",
    "GroupRequest",
    "GroupView",
    "HoldView",
    "ImportReport",
    "ImportedLine",
    "InboxView",
    "KeyKind",
    "KeyView",
    "Lane",
    "MessageRequest",
    "MessageView",
    "OptInView",
    "Page",
    "PartView",
    "PersonView",
    "Priority",
    "QuarantineView",
    "Readiness",
    "Receipt",
    "Scope",
    "SuppressionView",
    "SuspectView",
    "T",
    "TemplatePreview",
    "TemplateRequest",
    "TemplateView",
    "WordingView",
]
