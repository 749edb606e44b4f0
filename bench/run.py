"""Run the measurements and print them; exit 1 when one misses its mark. Names as arguments select."""

from __future__ import annotations

import asyncio
import os
import platform
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import accepting, api, audit, backing_up, faults, opting_out, outbox, reporting, sending, wording

MEASURES = {
    "short_radio": sending.short_radio,
    "long_radio": sending.long_radio,
    "stored_first": sending.stored_first,
    "first_byte": sending.first_byte,
    "stop_idle": opting_out.idle,
    "stop_under_load": opting_out.under_load,
    "batch": accepting.batch_of_2000,
    "singles": accepting.singles,
    "posts": api.posts,
    "accepted": api.accepted,
    "get": api.get,
    "list": api.listing,
    "listeners": api.listeners,
    "backup": backing_up.million,
    "webhook": api.webhook,
    "opt_outs": api.opting_out,
    "claim": outbox.claim,
    "audit_append": audit.append,
    "audit_verify": audit.verify,
    "report": reporting.month,
    "wording": wording.judging,
    "lexicon": wording.loading,
    "at_rest": sending.at_rest,
    "lost_result": faults.lost_result,
    "unplugged": faults.unplugged,
    "silence": faults.silence,
    "killed": faults.killed,
    "stop_in_queue": faults.stop_in_queue,
    "refused": faults.refused,
    "full": faults.full,
    "noise": faults.noise,
}


def machine() -> str:
    """Return what the figures were measured on."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "?")
    libraries = ", ".join(f"{name} {version(name)}" for name in ("SQLAlchemy", "aiohttp", "pydantic"))
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}"
    )


def main() -> int:
    """Measure what was asked for (everything, unless named)."""
    console = Console(width=150)
    console.print(machine())
    table = Table("measure", "must", "measured", "")
    rows = []
    for name in sys.argv[1:] or MEASURES:
        for row in asyncio.run(MEASURES[name]()):
            rows.append(row)
            table.add_row(row.measure, row.must, row.got, "ok" if row.met else "MISSED")
            if row.runs:
                raw = " ".join(f"{run:.4g}" for run in row.runs)
                console.print(f"{row.measure}: raw runs {raw}", highlight=False, soft_wrap=True)
    console.print(table)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
