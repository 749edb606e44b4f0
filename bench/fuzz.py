"""Bytes that nobody would send, by the million: the AT parser and the PDU decoders answer or say why not.

Coverage-guided: an input that reaches a line of ours for the first time is kept and varied further.
`python -m bench.fuzz --seconds 600`; exit code 1 with the input in hex where anything else was raised.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from gateway import sms
from gateway.modem import answers, credit, listing
from gateway.modem.at import Answer, AtEvent, AtParser, Noise
from gateway.modem.errors import AnswerUnreadable

_OURS: Final = ("/gateway/sms/", "/gateway/modem/")
_MOST: Final = 4096  # bytes of an input
_WORDS: Final = (
    b"\r\n", b"OK\r\n", b"ERROR\r\n", b"+CMS ERROR: 38\r\n", b"+CMGS: 7\r\n", b"> ", b'+CMTI: "SM",3\r\n',
    b"+CDS: 25\r\n", b"+CMT: ,24\r\n", b"+CMGL: 1,0,,24\r\n", b'+CPMS: "SM",1,20,"SM",1,20\r\n', b"\x1a",
    b"\x1b", b"\x00", b"\xff\xfe", b"AT+CMGS=23\r", b"RING\r\n", b"+CREG: 1\r\n", b"+CNMI: (0-2),(0-3)\r\n",
    b"(", b")", b'"',
)  # fmt: skip
_PDUS: Final = (
    "0791447758100650040C914477000910320000629010800300400453EA130A",
    "0791447758100650440C914477000910320000629010800300400C0608040010010153EA130A",
    "0791447758100650040C914477000910320008629010800300400800530054004F0050",
    "07914477581006500406070C91447700091032629010800300406290108013004000",
    "0011000B916407281553F80000AA0AE8329BFD4697D9EC37",
)
_ANSWERS: Final[tuple[Callable[[tuple[str, ...]], object], ...]] = (
    answers.value, answers.words, answers.digits, answers.card_number, answers.numbers, answers.first_number,
    answers.pin_state, answers.tries_cpinr, answers.tries_field(1), answers.smsc, answers.signal_dbm,
    answers.network, answers.registration, answers.memories, answers.memory_in_use,
    answers.memory_counts(("SM", "SM", "SM")), answers.ranges, listing.slots, listing.listing,
    lambda lines: credit.amount_in(credit.text_of("".join(lines))[1], credit.known_patterns()),
)  # fmt: skip


def parser(data: bytes) -> None:
    """However it is cut, the stream gives the same events, and memory stays bounded."""
    answer = Answer(prefixes=("+CMGL:", "+CMGS:"), pdu=True, prompt=True, echo="AT+CMGS=23")
    whole = events(data, [data], answer)
    cut = data[0] % 7 + 1 if data else 1
    pieces = [data[i : i + cut] for i in range(0, len(data), cut)]
    assert events(data, pieces, answer) == whole, "cutting changed the events"


def events(data: bytes, pieces: Iterable[bytes], answer: Answer) -> list[AtEvent]:
    """Feed `pieces`; what is thrown away for want of a line end may differ in where it is counted."""
    at = AtParser()
    at.expect(answer)
    found = [event for piece in pieces for event in at.feed(piece)]
    assert len(found) <= len(data) + 1
    return [event for event in found if not isinstance(event, Noise)]


def lines(data: bytes) -> None:
    """Every answer has a meaning, or has none, which is said."""
    text = tuple(data.decode("latin-1").splitlines()[:50])
    for parse in _ANSWERS:
        try:
            parse(text)
        except AnswerUnreadable:
            continue
    listing.reading(text, 1)


def pdus(data: bytes) -> None:
    """Octets are a message or a `PduError`; what was read can be shown and joined."""
    try:
        decoded = sms.decode_inbound(data)
    except sms.PduError:
        pass
    else:
        decoded.encode()
        if isinstance(decoded, sms.Deliver):
            sms.join([decoded, decoded])
            assert decoded.text is None or isinstance(decoded.text, str)
        assert decoded.scts is None or decoded.scts.tzinfo is not None
    try:
        sms.join([sms.decode_submit(data)])
    except sms.PduError:
        return


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {"parser": parser, "answers": lines, "pdus": pdus}


@dataclass(slots=True)
class Fuzz:
    """One target, its corpus, and the lines that it has reached."""

    target: Callable[[bytes], None]
    chance: random.Random
    corpus: list[bytes] = field(default_factory=lambda: [*map(bytes.fromhex, _PDUS), *_WORDS])
    reached: set[tuple[str, int]] = field(default_factory=set)
    runs: int = 0

    def once(self) -> None:
        """Try one input; keep it if it reached something new."""
        data = self._varied()
        before = len(self.reached)
        sys.settrace(self._trace)
        try:
            self.target(data)
        except Exception as exc:
            exc.add_note(f"input: {data.hex()}")
            raise
        finally:
            sys.settrace(None)
        self.runs += 1
        if len(self.reached) > before:
            self.corpus.append(data)

    def _trace(self, frame: FrameType, _event: str, _arg: object) -> Any:  # noqa: ANN401 - as Python has it
        name = frame.f_code.co_filename
        if not any(part in name for part in _OURS):
            return None

        def line(inner: FrameType, _event: str, _arg: object) -> Any:  # noqa: ANN401
            self.reached.add((name, inner.f_lineno))
            return line

        return line

    def _varied(self) -> bytes:
        data = bytearray(self.chance.choice(self.corpus))
        for _ in range(self.chance.choice((1, 1, 2, 3, 8))):
            at = self.chance.randrange(len(data) + 1)
            match self.chance.randrange(6):
                case 0:
                    data[at:at] = self.chance.randbytes(self.chance.choice((1, 1, 2, 40)))
                case 1:
                    del data[at : at + self.chance.choice((1, 1, 2, 10))]
                case 2 if data:
                    data[at % len(data)] ^= 1 << self.chance.randrange(8)
                case 3:
                    data[at:at] = self.chance.choice(_WORDS)
                case 4:
                    data[at:at] = self.chance.choice(self.corpus)
                case _:
                    data[at:] = bytes(data[at:]).hex().upper().encode()
        return bytes(data[:_MOST])


def main() -> int:
    """Fuzz every target for its share of the time."""
    options = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    for name, target in TARGETS.items():
        fuzz = Fuzz(target, random.Random(given.seed))
        end = time.monotonic() + given.seconds / len(TARGETS)
        try:
            while time.monotonic() < end:
                fuzz.once()
        except Exception as exc:  # noqa: BLE001 - that is what is looked for
            notes = "; ".join(getattr(exc, "__notes__", ()))
            sys.stdout.write(f"{name}: {type(exc).__name__}: {exc} after {fuzz.runs} inputs; {notes}\n")
            return 1
        found = f"{fuzz.runs} inputs, {len(fuzz.corpus)} kept, {len(fuzz.reached)} lines reached"
        sys.stdout.write(f"{name}: {found}, nothing raised (seed {given.seed})\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
