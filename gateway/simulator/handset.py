"""A phone on the virtual network: it puts parts together, answers, and decides what is reported of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.sms import Deliver, decode_deliver, join

DELIVERED, STILL_TRYING, FAILED = 0x00, 0x30, 0x46  # TP-Status, 3GPP TS 23.040, 9.2.3.15

OUTCOMES: Final = {
    "delivered": (DELIVERED,),
    "temporary": (STILL_TRYING, DELIVERED),
    "failed": (FAILED,),
    "silent": (),
}


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A whole text as its owner reads it."""

    text: str
    sender: str
    at: float
    parts: int


@dataclass(slots=True)
class AutoReply:
    """Answer texts that match `when`, at most `times` times (None: always), after `after` seconds."""

    text: str
    when: str = ".*"
    after: float = 0.0
    times: int | None = None

    def answers(self, text: str) -> bool:
        """Say whether this rule answers `text`, and use up one time."""
        if self.times == 0 or not re.search(self.when, text, re.DOTALL):
            return False
        if self.times is not None:
            self.times -= 1
        return True


Send = Callable[[str, str, str], None]  # from, to, text


@dataclass(slots=True)
class Handset:
    """One number."""

    number: str
    send: Send
    clock: Callable[[], float]
    received: list[ReceivedText] = field(default_factory=list)
    parts: list[Deliver] = field(default_factory=list)  # as they came, joined or not
    rules: list[AutoReply] = field(default_factory=list)
    statuses: tuple[int, ...] = OUTCOMES["delivered"]
    _open: dict[tuple[str, int, int, bool], dict[int, Deliver]] = field(default_factory=dict)

    def reports(self, outcome: str | Sequence[int]) -> None:
        """Set what the service centre reports: a name of `OUTCOMES`, or TP-Status values in turn."""
        if isinstance(outcome, str) and outcome not in OUTCOMES:
            raise ValueError(f"no outcome {outcome!r}; there are {', '.join(OUTCOMES)}")
        self.statuses = OUTCOMES[outcome] if isinstance(outcome, str) else tuple(outcome)

    def reply(self, text: str, to: str | None = None) -> None:
        """Text back, by default to whoever texted last."""
        self.send(self.number, to or self.received[-1].sender, text)

    def auto_reply(
        self, text: str, *, when: str = ".*", after: float = 0.0, times: int | None = None
    ) -> AutoReply:
        """Answer what matches from now on."""
        rule = AutoReply(text, when, after, times)
        self.rules.append(rule)
        return rule

    def accept(self, pdu: bytes) -> None:
        """Take a part from the network."""
        part = decode_deliver(pdu)
        self.parts.append(part)
        concat = part.concat
        if concat is None or not 1 <= concat.number <= concat.total:
            self._complete([part])
            return
        key = (part.sender.number, concat.reference, concat.total, concat.wide)
        group = self._open.setdefault(key, {})
        group[concat.number] = part
        if len(group) == concat.total:
            self._complete(list(self._open.pop(key).values()))

    def _complete(self, parts: list[Deliver]) -> None:
        text, sender = join(parts), parts[0].sender.number
        self.received.append(ReceivedText(text, sender, self.clock(), len(parts)))
        for rule in self.rules:
            if rule.answers(text):
                asyncio.get_running_loop().call_later(rule.after, self.send, self.number, sender, rule.text)
