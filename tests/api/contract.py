"""The API held to its own description by schemathesis: what it draws, asks in turn, and how it is judged."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from api.openapi import document
from api.routes import ROUTES
from gateway.access import Access
from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import opened
from gateway.records import KeyKind
from gateway.roles import ROLES
from tests.system.site import SLOTS, Site, furnish, number, own_port, revived, spawned

NUMBERS: Final = [number(index) for index in range(25)]
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
    "unsupported_method",
)
_LEFT_OUT: Final = (
    "/v1/events",  # a stream that does not end
    "/v1/sending/suspend",  # nothing would be accepted from then on
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What schemathesis said, and what the gateway logged meanwhile."""

    code: int
    said: str
    log: str


@asynccontextmanager
async def all_powerful(directory: Path) -> AsyncIterator[tuple[Site, str]]:
    """Run a site as a process of its own, with a modem and a person who has every role; yield the key too."""
    await furnish(directory, modems=1, numbers=NUMBERS, extra='[webhooks]\nallow = ["127.0.0.0/8"]\n')
    config = directory / "schoolgate.toml"
    own_port(directory)
    policy = directory / "policy.toml"
    policy.write_text(policy.read_text().replace("suspend_at = 3", "suspend_at = 1000000"))
    async with opened(load(config)) as store:
        common = {"database": store.database, "settings": store.settings, "clock": utc_now}
        access = Access(keyring=store.keyring, **common)
        await access.add_person("all", "All Roles", tuple(ROLES), by="test")
        await access.acknowledge("all", by="test")
        _, key = await access.create_key("all", kind=KeyKind.LIVE, label="all", scopes=None, by="test")
    async with revived(directory, running=False) as made, spawned(made, load(config).api.port):
        await made.ready(60)
        yield made, key


def narrowed() -> dict[str, Any]:
    """Return the description with values that the site knows, so that what is drawn leads somewhere."""
    yesterday = (utc_now() - timedelta(days=1)).isoformat()
    some, nothing = {"enum": NUMBERS}, {"const": None}
    values: dict[str, dict[str, Any]] = {
        "NewMessage": {"to": some, "template": {"const": "trip"}, "slots": {"const": SLOTS}}
        | dict.fromkeys(("text", "purpose", "language", "not_before"), nothing),
        "NewBatch": {"template": {"const": "trip"}, "slots": {"const": SLOTS}}
        | dict.fromkeys(("purpose", "language", "not_before"), nothing),
        "Recipient": {"to": some, "group": nothing, "slots": {"const": {}}},
        "NewConsent": {"number": some, "purposes": {"const": ["event_notice"]}}
        | {"given_at": {"const": yesterday}, "expires_at": nothing},
        "NewContact": {"number": some, "name": {"enum": ["Jo", "Sam"]}},
        "NewOptOut": {"number": {"enum": NUMBERS[-3:]}, "topic": {"const": ""}},
        "NewTemplate": {"purpose": {"const": "event_notice"}, "slots": {"const": {}}}
        | {"body": {"const": "The school is closed on Friday."}, "on_doubt": {"const": "ask"}},
        "NewEndpoint": {"url": {"const": "http://127.0.0.1:9/x"}, "types": {"const": ["*"]}},
        "NewTraining": {"person": {"const": "office"}},
    }
    made = document(ROUTES)
    schemas = made["components"]["schemas"]
    for model, fields in values.items():
        required = schemas[model].setdefault("required", [])
        for name, schema in fields.items():
            assert name in schemas[model]["properties"], f"{model}.{name}"
            schemas[model]["properties"][name] = schema
            required += [name] if name not in required else []
    return made


async def judged(
    made: Site, key: str, *, phases: Sequence[str], examples: int, seed: int, narrow: bool, seconds: int = 0
) -> Verdict:
    """Let schemathesis ask whatever the description permits, and what it does not; return its verdict.

    It draws `examples` times; with `seconds` it goes on until they are over.
    """
    path = made.directory / "openapi.json"
    path.write_text(json.dumps(narrowed() if narrow else document(ROUTES)))
    words = [
        *("-m", "schemathesis.cli", "run", str(path), "--url", made.url),
        *("--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS)),
        *("--phases", ",".join(phases), "--max-examples", str(examples), "--seed", str(seed)),
        *("--request-timeout", "30", "--no-shrink", "--workers", "1"),
        *(("--max-time", str(seconds)) if seconds else ()),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
        *(word for left in _LEFT_OUT for word in ("--exclude-path", left)),
    ]
    log = made.directory / "daemon.log"
    before = log.stat().st_size
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        cwd=made.directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    with log.open("rb") as file:
        file.seek(before)
        written = file.read().decode()
    assert process.returncode is not None
    return Verdict(process.returncode, out.decode(), written)
