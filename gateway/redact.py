"""Takes out of a text what is somebody's: numbers, cards, keys, addresses, PDUs, PINs, people. Pure.

What was equal stays equal: the same number becomes the same `<number-1>` throughout, so that a reader can
still follow it. Rather too much goes than too little; ids (`msg_…`), dates and times stay.

Things are known by how they look, and by no list of secrets: what is replaced because it is on a list can be
read off wherever it also stands for something else.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

_BETWEEN: Final = r"[ \u00a0().\-\u2010-\u2013/]"  # what people put between the digits of a number
_DATE: Final = r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_KINDS: Final = (
    ("time", rf"{_DATE}(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?![\d-])"),
    ("key", r"sg_(?:live|team|test)_[0-9a-z_]+|whsec_[A-Za-z0-9+/=_-]+|Bearer\s+\S+"),
    ("url", r"https?://(?:[^\s/?#\"'<>@]*@)?(?P<host>[^\s/?#\"'<>]+)(?P<path>[/?#][^\s\"'<>]*)?"),
    ("mail", r"[^\s@<>\"',;=\[\]()]+@[^\s@<>\"',;\[\]()]+"),
    ("home", r"(?<=/home/)[^\s/\"']+"),
    ("person", r"(?<=\bby=)\S+|(?<=\"by\": \")[^\"]+"),  # as our log writes it
    ("hex", r"(?<![0-9A-Za-z_])[0-9A-Fa-f]{24,}(?![0-9A-Za-z_])"),
    ("pin", r"(?P<name>(?i:p(?:in|uk)2?)[^\w\n]{1,4})\d{4,8}(?!\w)"),
    (
        "number",
        rf"\+\(?\d(?:{_BETWEEN}{{0,3}}\d){{6,}}|(?<![\w.])(?<!\d:)\(?0\d(?:{_BETWEEN}{{0,3}}\d){{5,}}(?!\w)",
    ),
    ("digits", r"\d{9,}|(?<![\w.])\d{5,}(?!\w)|(?<![\w.])(?<!\d:)\d(?:[ \-]?\d){6,}(?!\w)"),
    ("card", r"…\d{2,}"),  # the end of a SIM's number, as people are shown it
)
_PATTERN: Final = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS))
_LARGEST: Final = 10**8  # from here on what is a number of JSON might be one of a person


class Redactor:
    """Replaces, and remembers what it replaced by what."""

    def __init__(self) -> None:
        """Begin with nothing replaced."""
        self._names: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()

    def __call__(self, text: str) -> str:
        """Return `text` without what is somebody's."""
        return _PATTERN.sub(self._shown, text)

    def value(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON may hold
        """Return a value of JSON without what is somebody's."""
        match value:
            case dict():
                return {self(str(key)): self._member(key, each) for key, each in value.items()}
            case list() | tuple():
                return [self.value(each) for each in value]
            case bool() | None:
                return value
            case int() | float() if abs(value) < _LARGEST:
                return value
        return self(str(value))

    def _member(self, key: object, value: Any) -> Any:  # noqa: ANN401 - whatever JSON may hold
        """Return the value of a key: whom `by` names has no form of their own to be known by."""
        return (
            self._named("person", value)
            if key == "by" and value and isinstance(value, str)
            else self.value(value)
        )

    def _shown(self, match: re.Match[str]) -> str:
        kind, found = str(match.lastgroup), match[0]
        match kind:
            case "time":
                return found
            case "url":
                scheme, path = found.partition("://")[0], match["path"]
                return f"{scheme}://{match['host']}" + (f"/{self._named('path', path)}" if path else "")
            case "pin":
                return match["name"] + self._named(kind, found.removeprefix(match["name"]))
        return self._named(kind, found)

    def _named(self, kind: str, found: str) -> str:
        key = (kind, re.sub(_BETWEEN, "", found) if kind in ("number", "digits") else found)
        if key not in self._names:
            self._counts[kind] += 1
            self._names[key] = f"<{kind}-{self._counts[kind]}>"
        return self._names[key]
