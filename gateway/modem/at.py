"""The AT dialogue as a sans-IO parser: bytes in, events out (3GPP TS 27.005 and 27.007, V.250).

Owns no port, no clock and no task. Memory is bounded, no input raises, and how the bytes were cut into
chunks never changes the events. Unsolicited lines are taken out before an answer is sought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_LINE: Final = 4096  # the longest lawful line, a PDU, has about 360 characters
_PATIENCE: Final = 8  # lines that may come between a two-line URC's header and its body

_ENDS: Final = re.compile(rb"[\r\n]+")
_CONTROLS: Final = bytes([*range(0x20), 0x7F])
_NOISE: Final = bytes(range(0x80, 0x100)) + b" "
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_DIGITS: Final = re.compile(r"[0-9A-Fa-f]+")  # of which some may have been lost
_ERROR: Final = re.compile(r"\+(CMS|CME|EXT) ERROR: *(\S.*)")
_TWO_LINES: Final = re.compile(r'\+(?:CMT|CDS|CBM): *(?:(?:"[^"]*"|[^",]*) *, *)?(\d+)')
_BARE_URCS: Final = re.compile(
    # Boot and call noise without a prefix. NO CARRIER, BUSY and NO ANSWER end calls, which we never make,
    # so here they are news about somebody ringing and not the end of one of our commands.
    r"RING|RDY|CONNECT|NO CARRIER|BUSY|NO ANSWER|NO DIALTONE|(?:Call|SMS) Ready|(?:SMS|PB) DONE|DST: .*|"
    r"(?:NORMAL )?POWERED? DOWN|(?:UNDER|OVER)-VOLTAGE .*"
)


# What unsolicited lines tell, by their names.
BOOT: Final = {
    "RDY", "^SYSSTART", "*ATREADY", "SMS Ready", "Call Ready", "SMS DONE", "PB DONE", "^BOOT",
    "+CFUN", "+CPIN", "+QIND", "+QUSIM", "+WIND", "^SIMST",
}  # fmt: skip
FULL: Final = {"^SMMEMFULL", "+SMS FULL", "+SMSFULL", "^SMGO"}
REGISTRATION: Final = {"+CREG", "+CGREG", "+CEREG"}
RESTARTED: Final = {"RDY", "^SYSSTART", "*ATREADY"}  # said at boot and at no other time


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer to the command in flight."""

    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """The final result of a command. `family` is CMS, CME, EXT or empty."""

    ok: bool
    text: str
    family: str = ""
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """`> `: the modem waits for the PDU."""


@dataclass(frozen=True, slots=True)
class Urc:
    """A line that nobody asked for; `body` is the PDU of +CMT, +CDS and +CBM."""

    name: str
    value: str = ""
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Noise:
    """So many bytes without a line end were thrown away."""

    size: int


AtEvent = Line | Result | Prompt | Urc | Noise

_OK: Final = Result(ok=True, text="OK")
_RESULTS: Final = {
    "OK": _OK,
    **{
        text: Result(ok=False, text=text)
        for text in ("ERROR", "ABORTED", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "NA")
    },
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command in flight may be answered with; everything else is unsolicited."""

    prefixes: tuple[str, ...] = ()
    freeform: bool = False  # a name or a number on a line of its own, as for +CGMI
    pdu: bool = False  # hex lines under the prefixed ones, as for +CMGL
    prompt: bool = False
    echo: str = ""


NOTHING: Final = Answer()


@dataclass(slots=True)
class _Header:
    """The first line of a two-line URC, waiting for the second."""

    name: str
    value: str
    length: int | None  # None: text mode, whose body may be any line at all
    patience: int = _PATIENCE

    def owns(self, text: str) -> bool:
        """Tell whether `text` is the body: the very next hex line, or a later one of the right length."""
        if self.length is None:
            return True
        if _HEX.fullmatch(text) is None:
            return False
        return self.patience == _PATIENCE or len(text) // 2 == self.length + 1 + int(text[:2], 16)

    def urc(self, body: str | None) -> Urc:
        return Urc(self.name, self.value, body if self.length is not None else None)


class AtParser:
    """Bytes in, events out."""

    def __init__(self) -> None:
        """Expect nothing yet."""
        self._tail = b""
        self._dropped = 0  # bytes of an overlong line so far
        self._answer = NOTHING
        self._prompt = False
        self._header: _Header | None = None
        self.echoed = False  # since `expect`, the command came back

    def expect(self, answer: Answer) -> None:
        """Say what the command in flight may be answered with; a final result or a prompt ends that."""
        self._answer = answer
        self._prompt = answer.prompt
        self.echoed &= answer is NOTHING

    def feed(self, data: bytes) -> list[AtEvent]:
        """Return the events that `data` completes."""
        if not (b"\n" in data or b"\r" in data or self._prompt) and len(self._tail) + len(data) <= MAX_LINE:
            self._tail += data  # nothing ends here
            return []
        events: list[AtEvent] = []
        *lines, self._tail = _ENDS.split(self._tail + data)
        for line in lines:
            self._take(line, events)
        if self._prompt and not self._dropped and b">" in self._tail:
            self._tail = self._seek_prompt(self._tail, events)
        if len(self._tail) > MAX_LINE:
            self._dropped += len(self._tail)
            self._tail = b""
        return events

    def _take(self, raw: bytes, events: list[AtEvent]) -> None:
        if self._prompt and not self._dropped and b">" in raw:
            raw = self._seek_prompt(raw, events)
        if self._dropped or len(raw) > MAX_LINE:
            events.append(Noise(self._dropped + len(raw)))
            self._dropped = 0
            return
        # A prompt that nobody waited for may stand before a line; operator names may hold high bytes inside.
        text = raw.translate(None, _CONTROLS).lstrip(_NOISE + b">").decode("latin-1").rstrip()
        if text and (event := self._classify(text)) is not None:
            events.append(event)

    def _seek_prompt(self, raw: bytes, events: list[AtEvent]) -> bytes:
        """Take a prompt from the start of `raw`: modems print it with or without space, NUL or noise."""
        before, _, after = raw.partition(b">")
        if before.translate(None, _CONTROLS + _NOISE):
            return raw
        self._prompt = False
        events.append(Prompt())
        return after

    def _classify(self, text: str) -> AtEvent | None:
        answer = self._answer
        if text == answer.echo:
            self.echoed = True
            return None  # before all else: the echo of a PDU must not become the body of a +CMT
        if self._header is not None and (urc := self._body(text)) is not None:
            return urc
        if (result := _RESULTS.get(text) or _error(text)) is not None:
            self.expect(NOTHING)
            return result
        if answer.prefixes and text.startswith(answer.prefixes):
            return Line(text)
        if text.startswith(("AT+", "AT^")) or (answer.echo and answer.echo.endswith(text)):
            return None  # a late echo, or one whose first characters were lost
        return self._unprefixed(text)

    def _unprefixed(self, text: str) -> AtEvent | None:
        if text.startswith(("+CMT:", "+CDS:", "+CBM:")):
            return self._open_header(text)
        if text[0] in "+^*$%" or _BARE_URCS.fullmatch(text):
            name, _, value = text.partition(":")
            return Urc(name, value.strip())
        if self._answer.freeform or (self._answer.pdu and _DIGITS.fullmatch(text)):
            return Line(text)
        return Urc("", text)

    def _open_header(self, text: str) -> Urc | None:
        lost = self._header.urc(None) if self._header is not None else None
        match = _TWO_LINES.fullmatch(text)
        name, _, value = text.partition(":")
        if match is None and name == "+CDS":
            return Urc(name, value.strip())  # text mode puts a report on one line
        self._header = _Header(name, value.strip(), int(match[1]) if match else None)
        return lost

    def _body(self, text: str) -> Urc | None:
        header = self._header
        assert header is not None  # noqa: S101 - the caller looked
        if header.owns(text):
            self._header = None
            return header.urc(text)
        header.patience -= 1
        if not header.patience:
            self._header = None
        return None


def _error(text: str) -> Result | None:
    if text[0] not in "+ME":
        return None
    if (match := _ERROR.fullmatch(text)) is None:
        return Result(ok=False, text=text) if text.startswith(("MODEM ERROR:", "ERROR:")) else None
    family, reason = match.groups()
    return Result(ok=False, text=text, family=family, code=int(reason) if reason.isdecimal() else None)
