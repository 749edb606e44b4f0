"""Routes of what answers for the policy: its status, the monthly report, incidents."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from api.handlers import duties, reports
from api.reading import CSV
from api.route import Route
from api.schema.base import Listing, Nothing
from api.schema.duties import Closing, Incident, NewIncident, WhichIncidents
from api.schema.reports import ComplianceReport, ComplianceStatus, OfMonth
from gateway.records import Scope

REPORT_ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route("GET", "/v1/compliance", reports.compliance_status, Scope.REPORTS, Nothing, ComplianceStatus),
    Route(
        "GET", "/v1/reports/compliance", reports.compliance_report, Scope.REPORTS, OfMonth, ComplianceReport
    ),
    Route(
        "GET",
        "/v1/reports/compliance/sheet",
        reports.compliance_sheet,
        Scope.REPORTS,
        OfMonth,
        web.Response,
        produces=CSV,
    ),
    Route(
        "GET",
        "/v1/reports/compliance/page",
        reports.compliance_page,
        Scope.REPORTS,
        OfMonth,
        web.Response,
        produces="text/html",
    ),
    Route("GET", "/v1/incidents", duties.incidents, Scope.INCIDENTS, WhichIncidents, Listing[Incident]),
    Route("POST", "/v1/incidents", duties.open_incident, Scope.INCIDENTS, NewIncident, Incident, status=201),
    Route(
        "POST",
        "/v1/incidents/{id}/close",
        duties.close_incident,
        Scope.INCIDENTS,
        Closing,
        Incident,
        codes=("INCIDENT_CLOSED",),
    ),
)
