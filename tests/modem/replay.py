"""A modem that is a text file: it says what a transcript says, on a real pseudo-terminal.

A command is answered as the transcript does, the first time by its first exchange, then by the next; the last
one stays. What the transcript has not is refused.
"""

from __future__ import annotations

from pathlib import Path

from gateway.modem.transcript import Exchange, Transcript
from tests.modem.fake import FakeModem, framed

TRANSCRIPTS = Path(__file__).with_name("transcripts")


def transcripts() -> list[Path]:
    return sorted(TRANSCRIPTS.glob("*.txt"))


class ReplayedModem(FakeModem):
    """`refused` lists the commands that are not in the transcript."""

    def __init__(self, directory: Path, transcript: Transcript) -> None:
        super().__init__(directory)
        self.replies.clear()
        self.refused: list[str] = []
        opening, *self._exchanges = transcript.exchanges
        self._prompted: Exchange | None = None
        self.replies["AT"] = framed("OK")
        self._unasked(opening)

    def _standard(self, command: str) -> str | None:
        fitting = [each for each in self._exchanges if each.fits(command)]
        if not fitting:
            self.refused.append(command)
            return framed("ERROR")
        if len(fitting) > 1:
            self._exchanges.remove(fitting[0])
        return self._play(fitting[0])

    def _play(self, exchange: Exchange) -> str | None:
        if exchange.prompt:
            self._prompted, self._at_prompt = exchange, True
            return framed(*exchange.answer) + "\r\n> "
        self.say(framed(*exchange.answer))
        self._unasked(exchange)
        return None

    def _submit(self, text: str) -> None:
        assert self._prompted is not None
        self.submitted.append(text)
        self.say(framed(*self._prompted.result))
        self._unasked(self._prompted)

    def _unasked(self, exchange: Exchange) -> None:
        self.urc(*exchange.unasked)
