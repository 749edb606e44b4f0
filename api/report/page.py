"""The report as one page: to be read on a screen, or printed on A4 and put before a governing board."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from api.report import charts
from api.report.sections import sections
from api.report.style import META, POLICY, STYLE
from api.report.words import rate, seconds, state, table, times, when
from gateway.records.compliance import ComplianceReport, State


def page(report: ComplianceReport) -> tuple[str, str]:
    """Return the page, and the Content-Security-Policy that lets it do nothing but be read."""
    return "".join(_page(report)), POLICY


def _page(report: ComplianceReport) -> Iterator[str]:
    month = f"{datetime.strptime(report.month, '%Y-%m'):%B %Y}"  # noqa: DTZ007 - a month has no zone
    title = f"Text messages in {month}: compliance report"
    yield "<!doctype html><html lang='en-GB'><head><meta charset='utf-8'>"
    yield f'<meta http-equiv="Content-Security-Policy" content="{META}">'
    yield "<meta name='viewport' content='width=device-width'>"
    yield f"<title>{escape(report.organisation)}: {escape(title)}</title><style>{STYLE}</style></head><body>"
    yield f"<header><p class='soft'>{escape(report.organisation)}</p><h1>{escape(title)}</h1>"
    yield f"<p class='soft'>Made on {when(report.made_at, report.since.tzinfo)}. {_span(report, month)}</p>"
    yield "</header><main>"
    yield from _short(report)
    yield from _attention(report)
    yield from _clauses(report)
    yield from sections(report)
    yield "</main><footer><p>Every figure is counted from the gateway's own records when the report is made. "
    yield "Erased people and what was removed because of its age are no longer counted. "
    yield f"State of the audit log: {report.audit.entries:,} entries, the last with the fingerprint "
    yield f"<code>{report.audit.hash}</code>. Confidential: it names staff.</p></footer></body></html>"


def _span(report: ComplianceReport, month: str) -> str:
    if report.complete:
        return f"It covers the whole of {month}; what is said of “now” is as of that moment."
    return f"{month} is not over: these are the figures so far."


def _short(report: ComplianceReport) -> Iterator[str]:
    open_ = [clause for clause in report.clauses if clause.state is not State.KEPT]
    said = {
        State.KEPT: "Every clause of the policy was kept.",
        State.ATTENTION: f"{len(open_)} of {len(report.clauses)} clauses need somebody's attention; "
        "nothing that the policy rules out has happened.",
        State.BREACH: "Something that the policy rules out has happened: see below.",
    }
    yield f"<p class='banner {report.state.value}'>{said[report.state]}</p>"
    yield "<h2>In short</h2><ul class='tiles'>"
    opted = report.opt_outs
    tiles = (
        (f"{report.messages:,}", "messages accepted for sending"),
        (rate(report.delivery.delivered_rate), "delivered, of those whose end is known"),
        (f"{report.refused:,}", "messages refused by the policy"),
        (f"{sum(opted.made.values()):,}", f"people opted out; 99 of 100 within {seconds(opted.p99_seconds)}"),
        (f"{opted.handed_over_after:,}", "messages sent after an opt-out (must be 0)"),
        (
            _log(report),
            f"the audit log, verified {times(report.audit.verified)}",
        ),
    )
    yield "".join(f"<li><b>{escape(figure)}</b>{escape(words)}</li>" for figure, words in tiles) + "</ul>"


def _log(report: ComplianceReport) -> str:
    if report.audit.broken:
        return "BROKEN"
    return "whole" if report.audit.verified else "not looked at"


def _attention(report: ComplianceReport) -> Iterator[str]:
    yield "<h2>What needs attention</h2>"
    rows = [
        (each.clause, state(each.state), each.says, each.remedy)
        for clause in report.clauses
        for each in clause.findings
        if each.state is not State.KEPT
    ]
    yield table(("Clause", "State", "What was found", "What to do"), rows)


def _clauses(report: ComplianceReport) -> Iterator[str]:
    yield "<h2>Clause by clause</h2><p>The policy is asked about every message when it is submitted and "
    yield "again in the moment in which it goes to a modem. “Kept”: nothing against it is on record. "
    yield "“Refused” and “held” count the answers that cite the clause; “tests” are the automatic tests that "
    yield "prove that the clause is enforced.</p>"
    rows = [
        (
            clause.number,
            clause.says,
            state(clause.state),
            " ".join(each.says for each in clause.findings)
            + (f" Not yet: {clause.missing}." if clause.missing else ""),
            clause.asked,
            clause.denied,
            clause.held,
            clause.tests,
        )
        for clause in report.clauses
    ]
    heads = ("Clause", "It says", "State", "Evidence", "Asked", "Refused", "Held", "Tests")
    yield table(heads, rows, numbers=4)
    refused = [
        (f"{clause.number} {clause.says}", clause.denied) for clause in report.clauses if clause.denied
    ]
    if refused:
        yield "<h3>Refusals by clause</h3>" + charts.bars(refused, "Refusals by clause")
        yield "<p class='soft'>One message may be refused by several clauses.</p>"
