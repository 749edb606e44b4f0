"""Each rule for Prometheus fires when it must and not else, as Prometheus itself evaluates it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

RULES = Path(__file__).parents[2] / "docs/prometheus/alerts.yml"
OPENS, WORKING_DAY, NIGHT, SUNDAY = (
    8,
    10,
    22,
    3 * 24 + 10,
)  # hours from 1970-01-01, a Thursday, at midnight UTC

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed"
)

# What a gateway exports, minute by minute (`from+each x times`), and at which minute it is looked at. The
# first fires, with the labels that it has beside those of the rule; the others are quiet: not so bad, or
# not for so long.
Series = dict[str, str]
BUCKETS = ("0.5", "1.0", "2.0", "+Inf")


def stops(slow: int) -> Series:
    """Return the histogram of a hundred STOPs a minute, of which so many took between one and two seconds."""
    counts = (100 - slow, 100 - slow, 100, 100)
    name = "schoolgate_opt_out_seconds_bucket"
    return {f'{name}{{le="{le}"}}': f"0+{each}x70" for le, each in zip(BUCKETS, counts, strict=True)}


def phase(modem: str, ready: str) -> Series:
    return {f'schoolgate_modem_phase{{modem="{modem}", phase="ready"}}': ready}


def waits(what: str, seconds: int, **more: str) -> Series:
    return {f'schoolgate_waiting_seconds{{what="{what}"}}': f"{seconds}x6000", **more}


def tried(rung: str, each_hour: int) -> Series:
    return {f'schoolgate_modem_recoveries_total{{modem="sim0", rung="{rung}"}}': f"0+{each_hour / 60}x400"}


def given(refused: float, accepted: float) -> Series:
    name = "schoolgate_modem_parts_total"
    return {
        f'{name}{{modem="sim0", outcome="refused"}}': f"0+{refused}x70",
        f'{name}{{modem="sim0", outcome="accepted"}}': f"0+{accepted}x70",
    }


def judged(refused: int, accepted: int) -> Series:
    name = "schoolgate_messages_refused_total"
    return {
        f'{name}{{clause="7.2", code="CONSENT_MISSING"}}': f"0+{refused}x70",
        "schoolgate_messages_accepted_total": f"0+{accepted}x70",
    }


def of(name: str, value: float) -> Series:
    return {f'schoolgate_modem_{name}{{modem="sim0"}}': f"{value}x120"}


SIM0: Final = {"modem": "sim0"}
SENDING, SUSPENDED = ({"schoolgate_sending_suspended": f"{each}x6000"} for each in (0, 1))
HOLD = {"what": "hold"}
CASES: dict[str, tuple[tuple[int, Series, dict[str, str]], list[tuple[int, Series]]]] = {
    "SchoolgateGone": (
        (6, {"schoolgate_build_info": "_x10"}, {}),
        [(6, {"schoolgate_build_info": "1x10"}), (4, {"schoolgate_build_info": "_x10"})],
    ),
    "SchoolgateNeedsAPerson": (
        (3, {'schoolgate_alerts{kind="credit-low"}': "0 1x9"}, {"kind": "credit-low"}),
        [
            (3, {'schoolgate_alerts{kind="disk-full"}': "1 1 0x9"}),
            (1, {'schoolgate_alerts{kind="disk-full"}': "0 1x9"}),
        ],
    ),
    "SchoolgateStoreDown": (
        (4, {"schoolgate_store_up": "1 0x9"}, {}),
        [(4, {"schoolgate_store_up": "1 0 1x9"}), (2, {"schoolgate_store_up": "1 0x9"})],
    ),
    "SchoolgateNoModemReady": (
        (
            7,
            {
                f'schoolgate_modem_phase{{instance="{gateway}", modem="sim{sim}", phase="ready"}}': ready
                for gateway, sim, ready in (("a", 0, "1 0x20"), ("a", 1, "0x20"), ("b", 0, "1x20"))
            },
            {"instance": "a"},
        ),
        [(7, phase("sim0", "1 0x20") | phase("sim1", "1x20")), (5, phase("sim0", "1 0x20"))],
    ),
    "SchoolgateModemAway": (
        (17, phase("sim0", "1 0x20") | phase("sim1", "1x20"), SIM0 | {"phase": "ready"}),
        [(17, phase("sim0", "0x10 1x20")), (14, phase("sim0", "0x20"))],
    ),
    "SchoolgateModemFlaps": (
        (360, tried("restart", 1), SIM0 | {"rung": "restart"}),
        [(360, tried("reopen", 20)), (360, tried("usb_reset", 0))],
    ),
    "SchoolgateLinksLost": (
        (60, {'schoolgate_modem_links_lost{modem="sim0"}': "0+0.2x70"}, SIM0),
        [(60, {'schoolgate_modem_links_lost{modem="sim0"}': "90+0.05x70"})],
    ),
    "SchoolgateSimPaused": ((11, of("paused", 1), SIM0), [(11, of("paused", 0)), (9, of("paused", 1))]),
    "SchoolgateSignalWeak": ((31, of("signal_dbm", -109), SIM0), [(31, of("signal_dbm", -95))]),
    "SchoolgateModemMemoryFills": (
        (11, of("storage_used", 18) | of("storage_slots", 20), SIM0),
        [
            (11, of("storage_used", 12) | of("storage_slots", 20)),
            (9, of("storage_used", 18) | of("storage_slots", 20)),
        ],
    ),
    "SchoolgateQueueStands": (
        (11, waits("due", 7300, **SENDING), {"what": "due"}),
        [
            (11, waits("due", 7100, **SENDING)),
            (11, waits("due", 7300, **SUSPENDED)),
            (11, waits("hold", 9000, **SENDING)),
            (9, waits("due", 7300, **SENDING)),
        ],
    ),
    "SchoolgateHoldWaits": (
        (WORKING_DAY * 60, waits("hold", 3700), HOLD),
        [
            (WORKING_DAY * 60, waits("hold", 3500)),
            (OPENS * 60 + 9, waits("hold", 3700)),
            (NIGHT * 60, waits("hold", 3700)),
            (SUNDAY * 60, waits("hold", 3700)),
        ],
    ),
    "SchoolgateDoubtWaits": (
        (1, waits("doubt", 86500), {"what": "doubt"}),
        [(1, waits("doubt", 86300)), (1, waits("due", 86500))],
    ),
    "SchoolgateStopSlow": ((60, stops(2), {}), [(60, stops(0))]),
    "SchoolgateNetworkRefuses": (
        (60, given(0.5, 0), SIM0),
        [(60, given(0.5, 0.1)), (60, given(0.1, 0)), (60, given(0, 1))],
    ),
    "SchoolgatePolicyRefusesMuch": ((60, judged(3, 1), {}), [(60, judged(3, 4)), (60, judged(1, 0))]),
    "SchoolgateModemBusy": (
        (60, of("utilisation", 0.95) | {"schoolgate_queue_parts": "600x120"}, SIM0),
        [
            (60, of("utilisation", 0.95) | {"schoolgate_queue_parts": "400x120"}),
            (60, of("utilisation", 0.5) | {"schoolgate_queue_parts": "600x120"}),
        ],
    ),
}  # fmt: skip


def rules() -> dict[str, dict[str, Any]]:
    loaded = yaml.safe_load(RULES.read_text())
    return {rule["alert"]: rule for group in loaded["groups"] for rule in group["rules"]}


def expected(rule: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """Return the alert with its labels and words."""
    words = {
        name: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels[found[1]], text)
        for name, text in rule["annotations"].items()
    }
    return {"exp_labels": rule["labels"] | labels, "exp_annotations": words}


def check(name: str, minute: int, series: Series, *alerts: dict[str, Any]) -> dict[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": name, "exp_alerts": list(alerts)}],
    }


def test_each_rule_fires_when_it_must_and_only_then(tmp_path: Path) -> None:
    made = []
    for name, rule in rules().items():
        (minute, series, labels), quiet = CASES[name]
        made.append(check(name, minute, series, expected(rule, labels)))
        made += [check(name, minute, series) for minute, series in quiet]
    assert len(made) > 2 * len(CASES)
    asked = tmp_path / "asked.yml"
    asked.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "tests": made}))
    done = subprocess.run(["promtool", "test", "rules", str(asked)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_is_tried() -> None:
    assert CASES.keys() == rules().keys()
