"""The configuration as a support archive shows it: no comments, and only words that are on a list."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.redact import Redactor

# Whose words are shown, redacted like all text: files, devices, and what the gateway gives a choice of.
SHOWN: Final[Mapping[str, frozenset[str]]] = {
    "gateway": frozenset({"name", "log"}),
    "store": frozenset({"path", "key_file"}),
    "backup": frozenset({"directory"}),
    "api": frozenset({"host", "tls", "tls_certificate", "tls_key", "unix_socket"}),
    "policy": frozenset({"file"}),
    "webhooks": frozenset({"allow"}),
    "alerts": frozenset({"smtp_security", "smtp_authorities", "smtp_password_file"}),
    "audit": frozenset({"checkpoints"}),
    "kannel": frozenset({"free_text_purpose", "ignore"}),
    "cli": frozenset({"key_file", "ca_file"}),
    "unix_user": frozenset({"scopes"}),
    "modem": frozenset({"name", "port", "second_port", "search", "pin_file", "profile", "prefixes", "avoid"}),
}
_NAME: Final = re.compile(r"<\w+-\d+>")


def shown(text: str, redact: Redactor) -> str:
    """Return the configuration in `text`, which was loaded before, as TOML without anybody's data."""
    return "".join(f"{line}\n" for line in _lines(tomllib.loads(text), redact))


def _lines(parsed: Mapping[str, Any], redact: Redactor) -> Iterator[str]:
    for name, value in parsed.items():
        several = isinstance(value, list)
        for table in value if several else [value]:
            yield f"[[{name}]]" if several else f"[{name}]"
            for key, each in table.items():
                told = _value(each, redact, shown=key in SHOWN.get(name, ()))
                yield f"{key} = {json.dumps(told, ensure_ascii=False)}"


def _value(value: Any, redact: Redactor, *, shown: bool) -> Any:  # noqa: ANN401 - whatever TOML may hold
    """Return a number, a listed word, or what takes the place of another: <number-1>, <mail-1>, <text>."""
    if isinstance(value, list):
        return [_value(each, redact, shown=shown) for each in value]
    told = redact.value(value)
    return told if shown or not isinstance(told, str) or _NAME.fullmatch(told) else "<text>"
