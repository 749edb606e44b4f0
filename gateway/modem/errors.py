"""What can go wrong on the link, named by what the caller can do about it."""

from __future__ import annotations

from typing import ClassVar, Final

from gateway.model import ModemPhase

_BUSY: Final = {("CME", 14), ("CMS", 314), ("CME", 515), ("CMS", 515)}  # 515: "please wait" of Wavecom
_WORDS_FOR_BUSY: Final = ("SIM busy", "please wait")


class ModemGone(Exception):
    """The link is dead: close it and build a new one."""

    phase: ClassVar[ModemPhase] = ModemPhase.LOST


class PortMissing(ModemGone):
    """There is no such port (now): wait for it to appear."""

    phase = ModemPhase.SEARCHING


class PortBusy(ModemGone):
    """Another process holds the port; the sentence says which one."""

    phase = ModemPhase.BLOCKED


class PortDenied(ModemGone):
    """The port belongs to others; the sentence says which group may open it."""

    phase = ModemPhase.BLOCKED


class TakesNothing(ModemGone):
    """It answers, but takes no part: a link that comes up again proves nothing."""


class SimBlocked(ModemGone):
    """The SIM needs a person: PIN, PUK, not inserted, not the one we know."""

    phase = ModemPhase.BLOCKED


class OtherCard(SimBlocked):
    """The SIM at this port is not the one that we know: ours may be at another port."""


class CommandFailed(Exception):
    """The command brought no usable answer; the session goes on."""


class CommandRefused(CommandFailed):
    """The modem answered with an error (`family` is CMS, CME or empty)."""

    def __init__(self, command: str, family: str, code: int | None, text: str) -> None:
        """Keep the pieces: callers decide by number, people read the text."""
        super().__init__(f"{command}: {text}")
        self.family = family
        self.code = code
        self.text = text

    @property
    def busy(self) -> bool:
        """The SIM still reads itself, for 5 to 20 s after its PIN: ask again."""
        return (self.family, self.code) in _BUSY or self.text.endswith(_WORDS_FOR_BUSY)


class CommandTimeout(CommandFailed):
    """No final result in time; the session has since got back into step."""

    def __init__(self, command: str, seconds: float, lines: tuple[str, ...]) -> None:
        """Keep the lines that did come: some modems forget the final OK."""
        super().__init__(f"{command}: no answer within {seconds:g} s")
        self.lines = lines


class CommandWithdrawn(CommandFailed):
    """Not written: by the time that the line was free it was not to be written any more."""

    def __init__(self, command: str) -> None:
        """Name it."""
        super().__init__(f"{command}: withdrawn")


class AnswerUnreadable(CommandFailed):
    """The modem said OK but the answer makes no sense."""
