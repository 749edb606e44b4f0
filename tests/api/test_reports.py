"""The monthly report in three forms, the status and incidents, from a real gateway (8.1, 1.2)."""

from __future__ import annotations

import asyncio
import base64
import csv
import hashlib
import io
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from api.report import charts, page, sheet
from api.report.words import REMOVED
from gateway.clock import utc_now
from gateway.legal_holds import LegalHolds
from gateway.store import retention
from tests.api.conftest import CONSENTED, STRANGER, Api, running
from tests.api.test_page import Page
from tests.system.site import message, number

LONDON = ZoneInfo("Europe/London")  # whose months the reports are of
SVG = {"svg", "title", "rect", "text", "line"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def used(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """A gateway that accepted two messages and refused one, with a person of a nasty name."""
    async with running(furnished, tmp_path_factory.mktemp("report")) as api:
        await api.daemon.use_cases.access.add_person(
            "nasty", "=2+2 <script>x</script>", ["auditor"], by="test"
        )
        for to in CONSENTED[:2]:
            assert (await api.call("POST", "/v1/messages", message(to))).status == 202
        assert (await api.call("POST", "/v1/messages", message(STRANGER))).status == 409
        yield api


pytestmark = pytest.mark.asyncio(loop_scope="module")


def month() -> str:
    return f"{utc_now().astimezone(LONDON):%Y-%m}"


async def test_8_1_the_report_of_a_month_says_what_was_accepted_and_refused(used: Api) -> None:
    answer = await used.call("GET", f"/v1/reports/compliance?month={month()}")
    assert answer.status == 200, answer.body
    body = answer.body
    assert (body["messages"], body["refused"], body["complete"]) == (2, 1, False)
    assert [(row["name"], row["messages"]) for row in body["senders"]] == [("office", 2)]
    assert [row["name"] for row in body["templates"]] == ["trip/1 (en)"]
    clauses = {clause["number"]: clause for clause in body["clauses"]}
    assert len(clauses) == 22
    assert clauses["7.2"]["denied"] == 1
    assert clauses["6.2"]["asked"] >= 3
    assert body["opt_outs"]["handed_over_after"] == 0
    assert (body["consents"]["messages"], body["consents"]["covered"]) == (2, 2)
    assert body["audit"]["entries"] > 0
    assert "nasty" in {line["handle"] for line in body["access"]}


async def test_the_table_has_every_figure_and_no_formula(used: Api) -> None:
    answer = await used.call("GET", f"/v1/reports/compliance/sheet?month={month()}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="compliance-{month()}.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.raw.decode())))
    assert rows[0] == ["section", "item", "figure", "value"]
    assert ["messages", "", "", "2"] in rows
    assert ["clauses", "7.2", "denied", "1"] in rows
    assert ["opt_outs", "handed_over_after", "", "0"] in rows
    assert ["access", "nasty", "name", "'=2+2 <script>x</script>"] in rows
    assert all(len(row) == 4 and not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


async def test_the_page_is_whole_asks_nothing_of_anybody_and_escapes_names(used: Api) -> None:
    answer = await used.call("GET", f"/v1/reports/compliance/page?month={month()}")
    text = answer.raw.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    read = Page()
    read.feed(text)
    read.close()
    assert read.open == []
    assert {"script", "img", "link", "iframe", "a"}.isdisjoint(read.tags)
    assert read.tags >= SVG
    assert read.links == []
    assert "&lt;script&gt;x&lt;/script&gt;" in text
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy
    inside = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert inside  # for the page that was saved
    assert policy.startswith(inside[1])
    assert not re.search(r"url\(|@import|https?:", text)
    assert "size: A4" in style[1]
    assert "@media print" in style[1]


async def test_the_page_says_the_figures_of_the_report(used: Api) -> None:
    report = await used.daemon.use_cases.compliance.report(month())
    text, _ = page(report)
    for clause in report.clauses:
        assert f"<td>{clause.number}</td>" in text
    assert "KRS Education Ltd" in text
    assert f"{utc_now().astimezone(LONDON):%B %Y} is not over" in text
    assert "<b>2</b>messages accepted for sending" in text
    assert "<b>0</b>messages sent after an opt-out (must be 0)" in text
    assert sheet(report).count("\n") > 100


async def test_the_page_is_taken_by_a_browser_without_a_complaint(used: Api, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed")
    text, _ = page(await used.daemon.use_cases.compliance.report(month()))
    saved, printed = tmp_path / "report.html", tmp_path / "report.pdf"
    saved.write_text(text)
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={printed}",
        saved.as_uri(),
    ]  # fmt: skip
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert printed.read_bytes().startswith(b"%PDF"), done.stderr
    assert "Content Security Policy" not in done.stderr


async def test_everything_that_is_removed_has_a_name_in_the_report(used: Api) -> None:
    assert REMOVED.keys() == retention.kinds(used.daemon.store.keyring).keys()


async def test_a_chart_without_anything_to_show_is_a_chart() -> None:
    for chart in (charts.columns({}, "a & b"), charts.bars([], "x"), charts.share([("a", 0, "good")], "x")):
        read = Page()
        read.feed(chart)
        assert read.open == []
    assert 'aria-label="a &amp; b"' in charts.columns({}, "a & b")


@pytest.mark.parametrize("query", ["month=2026-13", "month=May", "month=2999-01", "week=1"])
async def test_a_month_that_there_is_not_is_a_fault_of_the_request(used: Api, query: str) -> None:
    for form in ("", "/sheet", "/page"):
        (await used.call("GET", f"/v1/reports/compliance{form}?{query}")).is_problem(422, "INVALID")


async def test_1_2_the_status_names_what_is_to_be_done(used: Api) -> None:
    answer = await used.call("GET", "/v1/compliance")
    assert answer.status == 200
    assert {"1.2", "1.3", "3.2", "4.1", "6.2", "9.1", "9.2"} <= {
        each["clause"] for each in answer.body["findings"]
    }
    assert answer.body["organisation"] == "KRS Education Ltd"


async def test_an_incident_is_opened_listed_and_closed(used: Api) -> None:
    asked = {"kind": "access", "note": "asked at the desk", "known_at": "2026-01-31T10:00:00Z"}
    answer = await used.call("POST", "/v1/incidents", asked)
    assert answer.status == 201, answer.body
    assert answer.body["due_at"].startswith("2026-03-01T00:00:00")
    ident = answer.body["id"]
    assert [each["id"] for each in (await used.call("GET", "/v1/incidents")).body["items"]] == [ident]
    report = (await used.call("GET", f"/v1/reports/compliance?month={month()}")).body
    assert [(each["id"], each["overdue"]) for each in report["incidents"]] == [(ident, True)]
    assert "asked at the desk" not in str(report)
    assert report["state"] == "breach"
    done = await used.call("POST", f"/v1/incidents/{ident}/close", {"outcome": "handed over"})
    assert (done.status, done.body["overdue"], done.body["closed_by"]) == (200, True, "office")
    again = await used.call("POST", f"/v1/incidents/{ident}/close", {"outcome": "again"})
    again.is_problem(409, "INCIDENT_CLOSED")
    assert (await used.call("GET", "/v1/incidents")).body["items"] == []
    assert len((await used.call("GET", "/v1/incidents?closed=true")).body["items"]) == 1


async def test_1_2_a_contact_whose_number_is_under_a_legal_hold_is_kept(used: Api) -> None:
    made = await used.call("POST", "/v1/contacts", {"number": number(77), "name": "Kit"})
    path = f"/v1/contacts/{made.body['id']}"
    store = used.daemon.store
    holds = LegalHolds(store.database, store.keyring, store.settings, utc_now)
    await holds.place(number(77), "court order 7", by="test")
    (await used.call("DELETE", path)).is_problem(409, "LEGAL_HOLD")
    for changed in ({"number": number(78), "name": "Kit"}, {"number": number(77), "name": "Tom"}):
        (await used.call("PUT", path, changed)).is_problem(409, "LEGAL_HOLD")
    labelled = {"number": number(77), "name": "Kit", "labels": ["choir"]}
    assert (await used.call("PUT", path, labelled)).status == 200
    await holds.lift(number(77), by="test")
    assert (await used.call("DELETE", path)).status == 204


async def test_a_sender_sees_neither_the_report_nor_incidents(used: Api) -> None:
    await used.daemon.use_cases.access.add_person("plain", "P", ["sender"], by="test")
    token = await used.key("plain")
    for path in ("/v1/reports/compliance", "/v1/reports/compliance/page", "/v1/compliance", "/v1/incidents"):
        (await used.call("GET", path, who=token)).is_problem(403, "SCOPE_MISSING")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "flood", "note": "x"},
        {"kind": "breach", "note": ""},
        {"kind": "breach", "note": "x", "known_at": "2099-01-01T00:00:00Z"},
        {"kind": "breach"},
    ],
)
async def test_an_incident_that_cannot_be_is_refused(used: Api, body: dict[str, str]) -> None:
    (await used.call("POST", "/v1/incidents", body)).is_problem(422, "INVALID")
