"""A dialogue with a modem as a text file: what was said, what was answered, what came unasked. Pure.

    # model: E173              facts about it, one a line; other comments are free
    > AT+CMGS=23               a command
    <>                         the prompt
    >> 0011000B91…             what was written at the prompt, and ended by Ctrl-Z
    < +CMGS: 7                 a line of the answer
    < OK
    ! +CMTI: "SM",3            a line that came unasked after it

A `*` in a command or after `>>` stands for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_FACT: Final = re.compile(r"# ([a-z][a-z ]*): (.+)")
FINAL: Final = re.compile(
    r"OK|ERROR|ABORTED|NO CARRIER|COMMAND NOT SUPPORT|TOO MANY PARAMETERS|NA|"
    r"(?P<kind>\+(?:CM[ES]|EXT) ERROR:|(?:MODEM )?ERROR:)(?P<why>.*)"
)
_ESC, _SUBMIT, _RETURN = 0x1B, 0x1A, 0x0D


@dataclass(slots=True)
class Exchange:
    """One command (empty before the first), its answer, and what came unasked after that."""

    command: str
    answer: list[str] = field(default_factory=list)
    prompt: bool = False
    body: str | None = None
    result: list[str] = field(default_factory=list)  # after the body
    unasked: list[str] = field(default_factory=list)

    def fits(self, command: str) -> bool:
        """Return whether this is an exchange for `command`."""
        return re.fullmatch(re.escape(self.command).replace(r"\*", ".*"), command) is not None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole dialogue."""

    facts: Mapping[str, str]
    exchanges: Sequence[Exchange]

    @classmethod
    def parse(cls, text: str) -> Transcript:
        """Read a transcript; raises `ValueError` with the number of a line that is none."""
        facts: dict[str, str] = {}
        exchanges = [Exchange("")]
        for number, line in enumerate(text.splitlines(), 1):
            if (fact := _FACT.fullmatch(line)) is not None:
                facts[fact[1]] = fact[2].strip()
            elif line.strip() and not line.startswith("#"):
                try:
                    _take(exchanges, line)
                except ValueError as exc:
                    raise ValueError(f"line {number}: {exc}") from exc
        return cls(facts, exchanges)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        yield from (f"# {key}: {value}" for key, value in self.facts.items())
        for each in self.exchanges:
            if each.command:
                yield f"> {each.command}"
            yield from (f"< {line}" for line in each.answer)
            if each.prompt:
                yield "<>"
            if each.body is not None:
                yield f">> {each.body}"
            yield from (f"< {line}" for line in each.result)
            yield from (f"! {line}" for line in each.unasked)


def _take(exchanges: list[Exchange], line: str) -> None:
    current = exchanges[-1]
    mark, _, rest = line.partition(" ")
    match mark:
        case ">":
            exchanges.append(Exchange(rest))
        case "<":
            (current.answer if current.body is None else current.result).append(rest)
        case "<>":
            current.prompt = True
        case ">>":
            if not current.prompt:
                raise ValueError("nothing is written at a prompt that did not come")
            current.body = rest
        case "!":
            current.unasked.append(rest)
        case _:
            raise ValueError(f"begins with none of > < <> >> ! #: {line[:40]}")


class Recorder:
    """Makes a transcript of the bytes on a line, in the order in which they pass."""

    def __init__(self) -> None:
        """Begin."""
        self.exchanges = [Exchange("")]
        self._written = bytearray()
        self._read = bytearray()
        self._answered = True

    @property
    def answered(self) -> bool:
        """Some command got a final result: a modem is there."""
        said = (line for each in self.exchanges for line in (*each.answer, *each.result))
        return any(FINAL.fullmatch(line) for line in said)

    def wrote(self, data: bytes) -> None:
        """Take what was written to the modem."""
        for byte in data:
            if byte == _ESC:
                self._written.clear()
            elif byte == _RETURN:
                self._command(self._written.decode("latin-1").strip())
                self._written.clear()
            elif byte == _SUBMIT:
                self.exchanges[-1].body = self._written.decode("latin-1")
                self._written.clear()
            else:
                self._written.append(byte)

    def heard(self, data: bytes) -> None:
        """Take what the modem said."""
        self._read += data
        *lines, rest = re.split(rb"[\r\n]+", bytes(self._read))
        self._read = bytearray(rest)
        for line in lines:
            self._line(line.decode("latin-1").strip())
        if not self._answered and self._read.strip() == b">":
            self._read.clear()
            self.exchanges[-1].prompt = True

    def _command(self, text: str) -> None:
        if text:
            self.exchanges.append(Exchange(text))
            self._answered = False

    def _line(self, text: str) -> None:
        current = self.exchanges[-1]
        if not text or text in (current.command, current.body):
            return  # an echo
        if self._answered:
            current.unasked.append(text)
            return
        (current.answer if current.body is None else current.result).append(text)
        self._answered = FINAL.fullmatch(text) is not None
