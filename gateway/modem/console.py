"""What a person may say to a modem that the gateway uses, and how: between two commands of its own.

Nothing here can read, send or delete a message, enter or change a PIN, or change what the driver relies on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.modem.commands import Command
from gateway.modem.errors import CommandRefused, CommandTimeout
from gateway.modem.session import Session

_LONGEST: Final = 200  # characters
_LINE: Final = re.compile(
    r"AT(?P<name>[+^#!$*%][A-Z0-9_]+|&[A-Z]|[A-Z]?)(?P<rest>[\x20-\x7e]*)", re.IGNORECASE | re.ASCII
)
# The names of commands that see or touch what is somebody's, whatever the vendor puts before them.
_PEOPLES: Final = re.compile(r"CMG|CMSS|CMMS|CNMA|CPB|CNUM|CMUX|CSIM|CRSM|CGLA|CCHO|CRLA|CPUC")
_LOCKS: Final = re.compile(r"PIN|PUK|CLCK|CPWD|SPIC|PCT|CARDLOCK")
# The codes that a telephone takes to change a password, a PIN or a PIN2, or to end a block by its PUK
# (3GPP TS 22.030, 6.5.4 and 6.6); what types on a keypad could put them together from pieces.
_LOCK_CODE: Final = re.compile(r"[*#]0[345]2?[*#]")
_KEYPAD: Final = re.compile(r"CKPD|KEYPAD")
_ASKING: Final = re.compile(r"CUSD|USSD")
_PLAIN_CODE: Final = re.compile(r'=\d?(?:,"?[0-9*#+]{0,182}"?(?:,\d{1,3})?)?')  # in hex it could be any code
# What the driver sets and relies on, and what would change the line under it.
_DRIVERS: Final = frozenset(
    {"+CMGF", "+CPMS", "+CNMI", "+CSMS", "+CSMP", "+CSDH", "+CSCS", "+CMEE", "+IPR", "+ICF", "+IFC", "+CSAS",
     "+CRES", "+FCLASS", "+CREG", "+CGREG", "+CEREG", "+CSCA", "&F", "&W", "&C", "&D", "&K", "&V", "E",
     "V", "Q", "X", "Z", "S", "D", "A", "H", "O"}
)  # fmt: skip
_QUESTIONS: Final = frozenset(
    {"", "I", "+CSQ", "+CESQ", "+CGMI", "+CGMM", "+CGMR", "+CGSN", "+GMI", "+GMM", "+GMR", "+GSN", "+CIMI",
     "+CCID", "+ICCID", "+QCCID", "+CICCID", "^SCID", "#CCID", "+CBC", "+CPAS", "+CLAC", "+GCAP", "+CEER",
     "+CPINR", "+SPIC", "+UPINCNT", "#PCT", "+QNWINFO", "+QCSQ", "+QSPN", "^SYSINFO", "^SYSINFOEX", "^MONI",
     "^SMONI", "#MONI", "#SERVINFO", "+SIMCOMATI", "+ZGETICCID"}
)  # fmt: skip
_MORE_PREFIXES: Final = ("+ICCID:", "+GCAP:")  # answers that are not named like their question
_SEARCH: Final = "+COPS"  # its test form searches for networks, for minutes


@dataclass(frozen=True, slots=True)
class Said:
    """What a modem answered: the lines, and the final result."""

    lines: tuple[str, ...]
    result: str


def objection(line: str, *, write: bool) -> str:
    """Return why `line` may not be said, in a sentence; empty where it may."""
    match = _LINE.fullmatch(line)
    if match is None or len(line) > _LONGEST:
        return "one command of at most 200 plain characters, beginning with AT"
    name, rest = match["name"].upper(), match["rest"]
    if ";" in rest:
        return "one command at a time, without ;"
    if _PEOPLES.search(name) and name != "+CMGF":
        return f"{name} touches messages, numbers or the SIM itself: the gateway alone does that"
    if rest not in ("", "?", "=?") and _locks(name, rest):
        return f"{name}{rest[:1]} could use up an attempt or lock the SIM: do it in a telephone"
    if _ASKING.search(name) and rest.startswith("=") and rest != "=?" and not _PLAIN_CODE.fullmatch(rest):
        return f'{name} is said with a code in plain digits, * and #, as in AT+CUSD=1,"*100#",15'
    question = rest in ("?", "=?") or (not rest and name in _QUESTIONS) or (name == "I" and rest.isdecimal())
    if question and not (name == _SEARCH and rest == "=?"):
        return ""
    if name in _DRIVERS:
        return f"{name} is set by the gateway, which relies on it"
    return "" if write else f"AT{name}{rest[:1]} may change something: --write allows it"


def _locks(name: str, values: str) -> bool:
    """Say whether a PIN, a PUK or a password could be given or changed, or a lock turned."""
    return bool(_LOCKS.search(name) or _KEYPAD.search(name) or _LOCK_CODE.search(values))


async def say(session: Session, line: str) -> Said:
    """Say `line`, which has no `objection`; waits for its turn. Raises `ModemGone`."""
    name = line[2:].partition("=")[0].partition("?")[0].upper()
    slow = name in (_SEARCH, "+CFUN", "+CUSD")
    command = Command(
        line, tuple, (f"{name}:", *_MORE_PREFIXES), freeform=True, pace="open", extra=160.0 if slow else 0.0
    )
    try:
        return Said(await session.run(command), "OK")
    except CommandRefused as exc:
        return Said((), exc.text)
    except CommandTimeout as exc:
        return Said(exc.lines, str(exc))
