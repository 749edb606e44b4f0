"""What a person gets who asks what is kept about their number: one zip with JSON and a page to read."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from html import escape
from typing import Any, Final

from gateway.subjects import Known

_TITLES: Final = {
    "consent": "What you agreed to",
    "message": "Texts to you",
    "part": "How each part of a text fared",
    "inbox": "Texts from you",
    "inbound": "The same as the network brought it, and delivery reports",
    "suppression": "What you opted out of",
    "recipient_hold": "Replies of yours that a person had to read",
    "auto_reply": "Automatic replies to you",
    "legal_hold": "Orders to keep all this, for a legal matter",
}
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;font-size:.85rem;display:block;overflow-x:auto}"
    "th,td{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;vertical-align:top}th{background:#eee}"
)


def packed(known: Known) -> bytes:
    """Return the zip: `subject.json` and `subject.html`, which needs nothing from the network."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("subject.json", _json(known)), ("subject.html", page(known))):
            entry = zipfile.ZipInfo(name, known.at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode())
    return body.getvalue()


def _json(known: Known) -> str:
    return json.dumps(asdict(known), ensure_ascii=False, indent=1, default=_plain) + "\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def page(known: Known) -> str:
    """Return the page to read."""
    number, organisation = escape(known.number), escape(known.organisation)
    sections = "\n".join(_sections(known))
    return f"""<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8"><title>{number}: what is kept</title><style>{_STYLE}</style></head>
<body>
<h1>What {organisation} keeps about {number}</h1>
<p>Made on {known.at:%d %B %Y at %H:%M} UTC. All times are in UTC. This is everything that the text message
system holds about the number; the same is in subject.json for programs.</p>
{sections}
</body>
</html>
"""


def _sections(known: Known) -> Iterator[str]:
    for name, rows in known.records.items():
        yield _section(_TITLES.get(name, name.replace("_", " ").capitalize()), rows)
    yield _section("Decisions and changes about your number", known.decisions)


def _section(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    heading = f"<h2>{escape(title)}</h2>"
    if not rows:
        return f"{heading}\n<p>Nothing.</p>"
    used = [name for name in rows[0] if any(row[name] not in (None, "") for row in rows)]
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in used)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{_cell(row[name])}</td>" for name in used) + "</tr>" for row in rows
    )
    return f"{heading}\n<table><tr>{head}</tr>\n{lines}</table>"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Mapping | list | tuple):
        return escape(json.dumps(value, ensure_ascii=False, default=_plain))
    return escape(str(value))
