"""From an open port to a modem that receives: identity, SIM, PDU mode, memories, notifications."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.modem import commands
from gateway.modem.delivery import Delivery, negotiate
from gateway.modem.errors import CommandFailed, ModemGone, OtherCard
from gateway.modem.identity import Equipment, attempt, card, equipment, patiently
from gateway.modem.link import Sleep
from gateway.modem.pin import unlock
from gateway.modem.profiles import Profile, profile_for
from gateway.modem.session import Session
from gateway.modem.settings import ModemSettings, PinMemory

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ready:
    """What the bring-up found and agreed."""

    equipment: Equipment
    profile: Profile
    iccid: str
    imsi: str
    smsc: str
    delivery: Delivery

    @property
    def warning(self) -> str:
        """What a technician should know of a modem that works; empty for nothing."""
        if self.delivery.notifications is None:
            return "the modem announces nothing: incoming messages are looked for every few seconds"
        if not self.smsc:
            return "the SIM has no SMS centre number and none is configured: sending may fail"
        if self.delivery.notifications[3] == 0:
            return "the modem passes on no delivery reports: what was sent stays at `sent`"
        return ""


async def bring_up(
    session: Session,
    settings: ModemSettings,
    *,
    known_card: str,
    memory: PinMemory,
    sleep: Sleep,
    met: Callable[[Equipment, str], None],
    known_imsi: str = "",
) -> Ready:
    """Bring the modem up; raise `SimBlocked` or `ModemGone`. `met` hears early whom we speak to.

    No ATZ and no AT&F: they may drop the user's profile. No +CSCS and no +CSMP: PDU mode needs neither.
    """
    for command in (commands.NO_ECHO, commands.NUMBERED_ERRORS):
        await attempt(session, command)
    machine = await equipment(session)
    profile = profile_for(machine.manufacturer, machine.model, settings.profile)
    iccid = await card(session, profile.card_queries)
    met(machine, iccid)
    _same_card(iccid, settings, known_card)
    sim = iccid or f"imei:{machine.imei}"
    await unlock(session, settings, sim=sim, profile=profile, memory=memory, sleep=sleep)
    iccid = iccid or await card(session, profile.card_queries)
    _same_card(iccid, settings, known_card)
    imsi = await patiently(session, commands.IMSI, settings.ready_wait, sleep) or ""
    _same_subscriber(imsi, settings, known_imsi)
    for text in profile.prepare:
        await attempt(session, commands.do(text))
    await _pdu_mode(session, sleep, profile.mode_tries)
    in_use = await patiently(session, commands.MEMORY, settings.ready_wait, sleep) or ()
    delivery = await negotiate(session, settings.reports, in_use)
    return Ready(machine, profile, iccid, imsi, await _smsc(session, settings), delivery)


def _same_card(iccid: str, settings: ModemSettings, known: str) -> None:
    """Stop at a strange SIM: what is queued was allowed for the one that we know."""
    wanted = settings.iccid
    if iccid and wanted and iccid != wanted:
        raise OtherCard(f"this is SIM …{iccid[-4:]}, but the configuration wants SIM …{wanted[-4:]}")
    if iccid and known and iccid != known:
        raise OtherCard(
            f"the SIM was changed from …{known[-4:]} to …{iccid[-4:]}: "
            f"if that is right, say so: schoolgate modem confirm {settings.name}"
        )


def _same_subscriber(imsi: str, settings: ModemSettings, known: str) -> None:
    """Stop at a SIM of another subscriber: some modems do not tell the card, and some cards hold several."""
    if imsi and known and imsi != known:
        raise OtherCard(
            f"the SIM's subscriber was changed from …{known[-4:]} to …{imsi[-4:]}: "
            f"if that is right, say so: schoolgate modem confirm {settings.name}"
        )


async def _pdu_mode(session: Session, sleep: Sleep, tries: int) -> None:
    """Try so often: a modem that has just started refuses PDU mode until its SMS part is ready."""
    for _ in range(tries):
        try:
            await session.run(commands.PDU_MODE)
        except CommandFailed:
            await sleep(1.0)
            continue
        return
    raise ModemGone("the modem refuses PDU mode (AT+CMGF=0)")


async def _smsc(session: Session, settings: ModemSettings) -> str:
    """Return the SMS centre of the SIM; a SIM without one gets the configured one."""
    number = await attempt(session, commands.SMSC) or ""
    if not number.strip("+") and settings.smsc is not None:
        await attempt(session, commands.set_smsc(settings.smsc))
        return settings.smsc
    return number
