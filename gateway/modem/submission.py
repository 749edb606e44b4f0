"""Handing one part over: AT+CMGS, prompt, PDU, Ctrl-Z, result (3GPP TS 27.005, 4.3).

Before Ctrl-Z nothing has left. After it only `+CMGS: n` and OK mean accepted, only an explicit refusal means
refused, and everything else is unclear.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from gateway import sms
from gateway.model import Accepted, FailureKind, NotSent, Refused, Revoked, SendOutcome, Unclear
from gateway.modem.at import Answer, Prompt, Result
from gateway.modem.errors import ModemGone
from gateway.modem.references import References
from gateway.modem.session import Session

log = structlog.get_logger()

CTRL_Z: Final = "\x1a"
_REFERENCE: Final = re.compile(r"(?:\+CMGS:|\+CMSS:)? *(\d+)")
_RESULT: Final = "+CMGS"
_PROMPTS: Final = 2  # that never come, in a row, before the port is opened anew: half a minute
_OF_THE_NETWORK: Final = range(256)  # CMS codes; from 300 on they are the modem's (3GPP TS 27.005, 3.2.5)


async def submit(
    session: Session, pdu: bytes, permit: Callable[[], bool], references: References
) -> SendOutcome:
    """Hand `pdu` over (SMSC octets included). `permit` is asked in the very step that writes the PDU."""
    command = f"AT+CMGS={len(pdu) - 1 - pdu[0]}"
    body = pdu.hex().upper()
    try:
        async with session.turn():
            outcome = await _dialogue(session, command, body, permit)
            return await attributed(session, outcome, references)
    except ModemGone as exc:
        # Only the turn's beginning can raise: the dialogue turns every later loss into an outcome.
        return NotSent(str(exc))


async def attributed(
    session: Session, outcome: SendOutcome, references: References, name: str = _RESULT
) -> SendOutcome:
    """Make sure that an accepted part was not given the late result of an earlier one."""
    if isinstance(outcome, Unclear):
        return replace(outcome, mr=references.lost())
    if isinstance(outcome, Refused):
        references.refused()
    if not isinstance(outcome, Accepted):
        return outcome
    if references.doubtful(outcome.mr):
        own = _reference(await session.listen(name, session.timeouts.late))
        if own is not None:
            log.warning("modem.late_result", mr=outcome.mr)
            references.late(outcome.mr)
            outcome = Accepted(own)
    references.accepted(outcome.mr)
    return outcome


async def _dialogue(session: Session, command: str, body: str, permit: Callable[[], bool]) -> SendOutcome:
    try:
        event = await prompted(session, command)
    except TimeoutError:
        return await withdraw(session, NotSent("the modem gave no prompt"))
    except ModemGone as exc:
        return NotSent(str(exc))
    if isinstance(event, Result):
        return await _unprompted(session, event)
    if session.forgot:
        return await withdraw(session, NotSent("the modem echoes again: it may have restarted"))
    if not permit():
        return await withdraw(session, Revoked())
    return await transmit(session, body + CTRL_Z, Answer(prefixes=(f"{_RESULT}:",), echo=body))


async def prompted(session: Session, command: str) -> Prompt | Result:
    """Write `command` and return the prompt, or the result that came instead; raise `TimeoutError`."""
    try:
        event = await session.ask(
            f"{command}\r".encode(), Answer(prompt=True, echo=command), session.timeouts.prompt
        )
    except TimeoutError:
        session.stumbled("the modem gave no prompt")
        session.unprompted += 1
        if session.unprompted >= _PROMPTS:
            session.abandon("the modem gave no prompt, again and again")
        raise
    session.unprompted = 0
    return event


async def _unprompted(session: Session, result: Result) -> SendOutcome:
    """Tell what a result in place of the prompt means: only the modem can refuse what it has not seen.

    A word of the network's, or OK, is the late answer to something else, and the prompt may still come.
    """
    refused = _refused(result)
    if refused is not None and (result.family == "CME" or (refused.code or 0) not in _OF_THE_NETWORK):
        return refused
    return await withdraw(session, NotSent(f"the modem answered {result.text} instead of a prompt"))


async def transmit(session: Session, text: str, answer: Answer, name: str = _RESULT) -> SendOutcome:
    """Write what makes the modem transmit, and wait for the result, whose line begins with `name`.

    Up to the first `await` in `ask` this runs in the step that asked for the permit.
    """
    timeouts = session.timeouts
    try:
        event = await session.ask(text.encode(), answer, timeouts.submit, then=timeouts.command)
    except TimeoutError:
        if session.unwritten:  # and never to be written: the message is tried again
            session.abandon("the modem does not take the part's bytes")
            return NotSent("the modem did not take its bytes")
        return await _outwaited(session, name)
    except ModemGone as exc:
        # What makes it transmit is the last byte: as long as bytes are left unwritten, it has not gone.
        return NotSent(str(exc)) if session.unwritten else Unclear(f"{exc} before the modem gave a result")
    return _outcome(event, session.lines)


def _outcome(event: Prompt | Result, lines: tuple[str, ...]) -> SendOutcome:
    if isinstance(event, Prompt) or not event.ok:
        text = "a prompt" if isinstance(event, Prompt) else event.text
        refused = None if isinstance(event, Prompt) or lines else _refused(event)
        return refused or Unclear(f"the modem answered {text}")
    if (mr := _reference(lines)) is None:
        return Unclear("the modem said OK but gave no reference")
    return Accepted(mr)


async def _outwaited(session: Session, name: str) -> SendOutcome:
    """Get back into step; a result that comes meanwhile can only be this part's."""
    why = f"the modem gave {name} but no OK" if session.lines else "the modem gave no result"
    session.stumbled(why)
    try:
        found = await session.resynchronise(late=name)
    except ModemGone as exc:
        return Unclear(f"{why}; {exc}")
    mr = _reference(found)
    return Unclear(f"{why} in time", silent=True) if mr is None else Accepted(mr)


async def withdraw(session: Session, outcome: SendOutcome) -> SendOutcome:
    """Leave the prompt by ESC, never by Ctrl-Z: that would submit what is half typed."""
    try:
        await session.resynchronise()
    except ModemGone as exc:
        log.info("modem.lost_at_prompt", why=str(exc))
    return outcome


def _reference(lines: tuple[str, ...]) -> int | None:
    for line in lines:
        if (match := _REFERENCE.match(line)) is not None:
            return int(match[1]) % 256
    return None


def _refused(result: Result) -> Refused | None:
    """Return the refusal, or None where the code leaves open what became of the part."""
    code = result.code
    if result.family == "CMS" and code is not None:
        meaning = sms.cms_error(code)
    elif (
        result.family == "CME" and (code := code if code is not None else _by_words(result.text)) is not None
    ):
        meaning = sms.cme_error(code)
    else:
        return None
    kind = FailureKind(meaning.kind)
    return None if kind is FailureKind.UNKNOWN else Refused(kind, code, meaning.text)


def _by_words(text: str) -> int | None:
    return sms.cme_code(text.partition(":")[2].strip())
