"""Every metric that the rules and the dashboard name is exported by a gateway that works."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import Daemon, started
from gateway.model import ModemPhase
from gateway.simulator import Network
from tests.system.site import eventually, furnish, message, number

pytestmark = pytest.mark.system

DOCS = Path(__file__).parents[2] / "docs"
RULES = DOCS / "prometheus/alerts.yml"
DASHBOARD = DOCS / "grafana/schoolgate.json"
NAME = re.compile(r"\bschoolgate_[a-z_]+")
LABELS = re.compile(r"\b(schoolgate_[a-z_]+)\{([^}]*)\}")
PARENT = number(123)
OLD_HOLD = "INSERT INTO recipient_hold (id, number_index, inbox_id, since) VALUES ('h', x'00', 'i', 0)"


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [each["query"] for each in dashboard["templating"]["list"]]
    return [rule["expr"] for rule in rules()] + queries


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what a gateway exports that has accepted, refused, sent, obeyed and recovered."""
    return asyncio.run(lived(tmp_path_factory.mktemp("scraped")))


async def lived(directory: Path) -> str:
    """Let a gateway see some of everything; return what it exports then."""
    async with Network(directory=directory) as network, aiohttp.ClientSession() as session:
        await furnish(directory, modems=1, numbers=[PARENT])
        modem = network.add_modem("sim0", number=number(990))
        async with started(load(directory / "schoolgate.toml")) as daemon:
            state = daemon.modems[0]
            await eventually(lambda: state.state.phase is ModemPhase.READY, what="ready")
            await texted(daemon, network, session, json.loads((directory / "tokens.json").read_text()))
            await eventually(lambda: state.use.outcomes["accepted"] == 2, what="both results")
            modem.fault("unplug", seconds=0.1)
            await eventually(lambda: state.state.failures, what="a link that was lost")
            await eventually(lambda: state.state.phase is ModemPhase.READY, what="ready again")
            await eventually(lambda: state.state.storage_total is not None, what="a count of the memory")
            await daemon.store.database.write(lambda c: c.exec_driver_sql(OLD_HOLD))
            await daemon.use_cases.alerts.look(utc_now())
            async with session.get(daemon.api_url + "/metrics") as answer:
                return await answer.text()


async def texted(
    daemon: Daemon, network: Network, session: aiohttp.ClientSession, tokens: dict[str, str]
) -> None:
    """Send one text, have one refused, and let the recipient say STOP."""
    headers = {"Authorization": f"Bearer {tokens['office']}"}
    for to in (PARENT, number(900)):
        async with session.post(daemon.api_url + "/v1/messages", json=message(to), headers=headers):
            pass
    received = network.handset(PARENT).received
    await eventually(lambda: received, what="the text")
    network.text(PARENT, "sim0", "STOP")
    await eventually(lambda: len(received) == 2, what="the confirmation")


def exported(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def test_every_metric_that_is_named_is_exported(scraped: str) -> None:
    """Some have no value here (a credit that nobody asks for), but are announced all the same."""
    known = {name for name, _, _ in exported(scraped)}
    known |= {family.name for family in text_string_to_metric_families(scraped)}
    named = {name for each in expressions() for name in NAME.findall(each)}
    assert len(named) > 15
    assert named - known == set()


def test_every_metric_that_is_exported_is_shown(scraped: str) -> None:
    exempt = re.compile(r".*_created$")
    known = {name for name, _, _ in exported(scraped) if not exempt.fullmatch(name)}
    shown = {name for each in expressions() for name in NAME.findall(each)}
    assert known - shown == set()


def test_every_label_that_is_named_exists_with_that_value(scraped: str) -> None:
    found: dict[str, list[dict[str, str]]] = {}
    for name, labels, _ in exported(scraped):
        found.setdefault(name, []).append(labels)
    for expression in expressions():
        for name, matchers in LABELS.findall(expression):
            for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', matchers):
                if label == "instance":
                    continue  # Prometheus adds it
                values = {labels.get(label) for labels in found[name]}
                if name == "schoolgate_modem_recoveries_total":
                    assert values - {None}
                elif name == "schoolgate_modem_parts_total":
                    assert value in {"accepted", "refused"}
                else:
                    assert operator == "=", expression
                    assert value in values, (expression, values)


def test_the_values_are_what_happened(scraped: str) -> None:
    found = {(name, *sorted(labels.items())): value for name, labels, value in exported(scraped)}
    modem = ("modem", "sim0")
    assert found["schoolgate_messages_accepted_total",] == 1
    refused = ("schoolgate_messages_refused_total", ("clause", "7.2"), ("code", "CONSENT_MISSING"))
    assert found[refused] == 1
    assert found["schoolgate_modem_parts_total", modem, ("outcome", "accepted")] == 2
    assert 0 < found["schoolgate_modem_radio_seconds_total", modem] < 60
    assert 0 < found["schoolgate_modem_utilisation", modem] <= 1
    assert found["schoolgate_modem_links_lost", modem] == 1
    assert found["schoolgate_opt_out_seconds_count",] == 1
    assert found["schoolgate_opt_out_seconds_bucket", ("le", "+Inf")] == 1
    assert 0 <= found["schoolgate_opt_out_seconds_sum",] < 60
    assert found["schoolgate_waiting_seconds", ("what", "hold")] > 1e9  # since 1970, as it was made
    assert found["schoolgate_alerts", ("kind", "hold-waits")] == 1
    assert PARENT[1:] not in scraped


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
def test_promtool_takes_the_rules() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_says_what_to_do() -> None:
    for rule in rules():
        assert rule["annotations"].keys() == {"summary", "remedy"}, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
