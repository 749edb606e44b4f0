"""How the gateway keeps to the policy: today's status, and a month's report in three forms."""

from __future__ import annotations

import asyncio

from aiohttp import web

from api.route import Call
from api.schema.base import Nothing
from api.schema.reports import ComplianceReport, ComplianceStatus, OfMonth
from gateway.records.compliance import ComplianceReport as Report


async def compliance_status(call: Call[Nothing]) -> ComplianceStatus:
    """Say how it stands with each clause now, and what is to be done."""
    return ComplianceStatus.of(await call.use_cases.compliance.status())


async def compliance_report(call: Call[OfMonth]) -> ComplianceReport:
    """Report on a month."""
    return ComplianceReport.of(await call.use_cases.compliance.report(call.input.month))


async def compliance_sheet(call: Call[OfMonth]) -> web.Response:
    """Report on a month as a table for spreadsheets."""
    report = await call.use_cases.compliance.report(call.input.month)
    return call.csv_file(await asyncio.to_thread(_sheet, report), f"compliance-{report.month}.csv")


async def compliance_page(call: Call[OfMonth]) -> web.Response:
    """Report on a month as one page to print."""
    report = await call.use_cases.compliance.report(call.input.month)
    text, policy = await asyncio.to_thread(_page, report)
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return web.Response(
        text=text, content_type="text/html", charset="utf-8", headers={**call.headers, **headers}
    )


def _sheet(report: Report) -> str:
    from api.report import sheet  # rarely used, and here it is read in a thread

    return sheet(report)


def _page(report: Report) -> tuple[str, str]:
    from api.report import page

    return page(report)
