"""Takes what may be somebody's out of a dialogue with a modem, so that it reads and replays as before. Pure.

By a list of what may stay: final results, names of answers, small numbers, the words below, the driver's own
commands, and how the equipment and the network call themselves. Numbers and PDUs get pseudonyms. Every other
text, in quotes or not, in whatever alphabet, becomes `x`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.modem.profiles import profiles
from gateway.modem.pseudonyms import Pseudonyms
from gateway.modem.transcript import FINAL, Exchange
from gateway.modem.words import WORDS

_NAMED: Final = re.compile(r"(?P<name>[+^*#$%!][A-Z][A-Z0-9]{1,15}|DST)(?P<colon>: *)(?P<values>.*)")
_COMMAND: Final = re.compile(
    r"(?P<head>AT(?:[+^*#$%!][A-Z][A-Z0-9]{1,15}|&?[A-Z]?\d?)[=?]{0,2})(?P<values>.*)"
)
_EQUIPMENT: Final = ("CGMI", "CGMM", "CGMR")  # their answers are what a device calls itself
_NAMES: Final = (*_EQUIPMENT, "COPS")
_MESSAGES: Final = ("+CMGL", "+CMGR", "+CMT", "+CDS", "+CBM")  # the next line is a PDU, or a text
_SUBMISSION: Final = re.compile(r"AT\+CMG[SW]=(?P<length>\d{1,3})")
_INLINE: Final = re.compile(r"(?P<fields>.*\d)(?P<gap> +)(?P<pdu>[0-9A-Fa-f]{16,})")
_PDU_HEADER: Final = re.compile(r'[^"]*(?:"[^"]*")?[^"]*?(?<!\d)(?P<length>\d{1,3})')
_FIELD: Final = re.compile(r'"[^"]*"?|[^",]+|,')
_SMALL: Final = re.compile(r"[+-]?\d{1,5}|\d{1,3}-\d{1,3}|\?", re.ASCII)
_TINY: Final = re.compile(r"\+?\d{0,2}", re.ASCII)
_NUMBER: Final = re.compile(r"\+?\(?\d(?:[ ().\-/]{0,2}\d){5,}[Ff]?", re.ASCII)
_LONG: Final = re.compile(r"\d(?:[ \-]?\d){8,}", re.ASCII)  # in a name: no version is so long
_HEX: Final = re.compile(r"[0-9A-Fa-f]{16,}")


class Disguise:
    """Remembers who became whom, and what the next line may be."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._pseudonyms = Pseudonyms()
        self._echoes: dict[str, str] = {}
        self._naming = False  # the command in flight asks for a name
        self._length: int | None = None  # of the PDU that is to come
        self._quoted = False  # a text goes on until a quotation mark,
        self._talking = False  # or until a final result

    def exchanges(self, said: Sequence[Exchange]) -> list[Exchange]:
        """Return the same dialogue about nobody."""
        return [
            Exchange(
                self._command(each.command),
                [self.line(line) for line in each.answer],
                each.prompt,
                None if each.body is None else self._pdu(each.body),
                [self.line(line) for line in each.result],
                [self.line(line) for line in each.unasked],
            )
            for each in said
        ]

    def line(self, text: str) -> str:
        """Return the next line that a modem said, about nobody."""
        if (final := FINAL.fullmatch(text)) is not None:
            self._quoted = self._talking = False
            return self._result(text, final)
        if (named := _NAMED.fullmatch(text)) is not None and self._free(named["name"]):
            return named["name"] + named["colon"] + self._answer(named["name"], named["values"])
        if self._quoted or self._talking:
            self._quoted &= '"' not in text
            return _blank(text)
        return self._bare(text)

    def name(self, text: str) -> str:
        """Return the name of a device, its maker, its firmware or a network: without long numbers in it."""
        plain = "".join(each if each.isprintable() else "x" for each in text)
        return _LONG.sub(lambda match: self._pseudonyms.number(match[0]), plain)

    def _free(self, name: str) -> bool:
        """Say whether a line of this name is one, and no more of a text."""
        return not self._quoted and (not self._talking or name in _MESSAGES)

    def _command(self, text: str) -> str:
        self._quoted = self._talking = False
        self._naming = text.removeprefix("AT+").rstrip("?") in _EQUIPMENT
        if (submission := _SUBMISSION.fullmatch(text)) is not None:
            self._length = int(submission["length"])
        self._echoes[text] = made = text if text in _ours() else self._ask(text)
        return made

    def _ask(self, text: str) -> str:
        match = _COMMAND.fullmatch(text)
        return _blank(text) if match is None else match["head"] + self._values(match["values"])

    def _result(self, text: str, final: re.Match[str]) -> str:
        if final["kind"] is None:
            return text
        why = final["why"].strip()
        return text if _SMALL.fullmatch(why) or _known(why) else f"{final['kind']} {_blank(why)}"

    def _answer(self, name: str, values: str) -> str:
        if name[1:] in _NAMES:
            return self.name(values)
        if name in _MESSAGES:
            return self._header(values)
        self._quoted = values.count('"') % 2 == 1
        return self._values(values)

    def _header(self, values: str) -> str:
        """Take the line before a message: a PDU follows, or stands in it, or a text follows."""
        inline = _INLINE.fullmatch(values)
        fields = values if inline is None else inline["fields"]
        header = _PDU_HEADER.fullmatch(fields)
        self._length = None if header is None else int(header["length"])
        self._talking = header is None
        shown = self._values(fields)
        return shown if inline is None else shown + inline["gap"] + self._pdu(inline["pdu"])

    def _bare(self, text: str) -> str:
        if text in self._echoes:
            return self._echoes[text]
        if _known(text):
            return text
        if self._length is not None and _HEX.fullmatch(text):
            return self._pdu(text)
        if self._naming:
            self._naming = False
            return self.name(text)
        if (number := self._number(text)) is not None:
            return number
        return "0" * len(text) if _HEX.fullmatch(text) else _blank(text)

    def _pdu(self, text: str) -> str:
        length, self._length = self._length, None
        return self._pseudonyms.pdu(text, length) if _HEX.fullmatch(text) else _blank(text)

    def _values(self, text: str) -> str:
        """Return what follows a name: field by field, up to the first that is no field but a text."""
        made = ""
        for match in _FIELD.finditer(text):
            field = match[0]
            shown = self._quotation(field) if field[0] == '"' else self._field(field)
            if shown is None:
                return made + _blank(text[match.start() :])
            made += shown
        return made

    def _field(self, text: str) -> str | None:
        bare = text.strip(" (),")
        if not bare or _SMALL.fullmatch(bare) or _known(bare):
            return text
        number = self._number(bare)
        return None if number is None else text.replace(bare, number)

    def _quotation(self, text: str) -> str:
        inner = text.strip('"')
        if _TINY.fullmatch(inner) or _known(inner):
            return text
        number = self._number(inner) if text.endswith('"') else None
        return _blank(text) if number is None else f'"{number}"'

    def _number(self, text: str) -> str | None:
        """Return another number, also in UCS-2 as some modems write it; None where `text` is no number."""
        if len(text) % 4 == 0 and text.startswith("00") and _HEX.fullmatch(text):
            spoken = bytes.fromhex(text).decode("utf-16-be", "replace")
            if _NUMBER.fullmatch(spoken):
                return self._pseudonyms.number(spoken).encode("utf-16-be").hex().upper()
        return self._pseudonyms.number(text) if _NUMBER.fullmatch(text) else None


def _ours() -> frozenset[str]:
    """Return the commands that profiles name: their words are nobody's."""
    return frozenset(
        text
        for profile in profiles()
        for text in (
            *profile.prepare,
            *(query.ask for query in profile.card),
            *(query.ask for query in profile.pin_tries),
        )
    )


def _known(text: str) -> bool:
    return text.upper() in WORDS


def _blank(text: str) -> str:
    return re.sub('[^"]', "x", text)
