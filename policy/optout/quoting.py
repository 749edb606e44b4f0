"""What in a reply is the recipient's own: not our text sent back, not a reaction to it, not a signature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policy.optout.characters import tidy

_MARKED: Final = re.compile(r"^[ ]*>.*$", re.MULTILINE)
_DEVICE: Final = re.compile(
    r"\bsent (?:from|via) (?:my|outlook|yahoo|mail)\b.{0,60}$", re.IGNORECASE | re.DOTALL
)
_WROTE: Final = re.compile(r"^[ ]*on .{4,80} wrote:?[ ]*$", re.IGNORECASE | re.MULTILINE)
_REACTION: Final = re.compile(
    r"(?:(?:dis)?liked|loved|emphasi[sz]ed|questioned|laughed at|reacted [^\"]{1,12}|removed [^\"]{1,20}"
    r"|[^\w\"]{1,6}) ?(?:to|from)? ?\"[^\"]{12,}\"?",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(
    r"(?P<body>.*\S)\s*(?:[.!,\n-]|"
    r"\b(?P<greeting>(?i:thanks|thank you|thx|regards|wishes|from|love|cheers))\b\W*)\s*"
    r"(?:(?i:mr|mrs|ms|miss|dr)\b\.? ?)?"
    r"(?P<name>[A-Z][\w'-]{0,15}(?: [A-Z][\w'-]{0,15}){0,2})\W*(?:[xX]+\W*)?",
    re.DOTALL,
)
_LAST_LINE: Final = 80  # characters, in which a signature is looked for


class Quotation:
    """Knows our name and our footers (one for each language), and takes our texts out of a reply."""

    def __init__(self, organisation: str, footers: Iterable[str]) -> None:
        each = (r"\W+".join(map(re.escape, re.findall(r"\w+", footer))) for footer in footers)
        ours = f"(?:{'|'.join(each)})"
        name = r"\W+".join(map(re.escape, re.findall(r"\w+", organisation)))
        self._footer = re.compile(rf"\"?\b{ours}\b[.\"]*", re.IGNORECASE)
        self._text = re.compile(
            rf"(?:^[ ]*(?:re|fw|fwd)\b:?[ ]*)?\"?\b{name}\b.*?\b{ours}\b[.\"]*",
            re.IGNORECASE | re.DOTALL,
        )
        self._name = re.compile(rf"\b{name}\b", re.IGNORECASE)

    def without(self, text: str) -> tuple[str, bool]:
        """Return the recipient's own part of `text`, and whether only our bare footer came back."""
        own = tidy(text)
        if _REACTION.fullmatch(" ".join(own.split())) and (
            self._name.search(own) or self._footer.search(own)
        ):
            return "", False
        without_text = self._text.sub("\n", own)
        rest = self._footer.sub("\n", without_text)
        if rest != own and not _has_words(rest):
            return "", without_text == own
        bare = rest
        for added in (_MARKED, _WROTE, _DEVICE):
            bare = added.sub("\n", bare)
        return bare if _has_words(bare) else rest, False


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


@dataclass(frozen=True, slots=True)
class Signed:
    """A reply and the name under it."""

    body: str
    name: str
    greeted: bool  # "thanks", "from" or the like stands before the name


def signed(text: str) -> Signed | None:
    """Return the two halves of "Stop. Sarah"; None where nothing looks like a signature."""
    text = text.strip()
    before, last = text[:-_LAST_LINE], text[-_LAST_LINE:]
    found = _SIGNED.fullmatch(last)
    return Signed(before + found["body"], found["name"], found["greeting"] is not None) if found else None
