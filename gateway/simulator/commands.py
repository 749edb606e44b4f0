"""The table of AT commands: name -> what answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.simulator import commands_general, commands_sim, commands_sms, commands_store
from gateway.simulator.at import AtError, Command, Op

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem
    from gateway.simulator.personas import Persona

Lines = Iterable[str]
Handler = Callable[["VirtualModem", Command], Lines | Awaitable[Lines]]

TABLE: Final[Mapping[str, Handler]] = {
    **commands_general.TABLE,
    **commands_sim.TABLE,
    **commands_sms.TABLE,
    **commands_store.TABLE,
}


class Unknown(AtError):
    """A command that this modem does not know, refused in its own words."""

    def __init__(self, persona: Persona, command: Command) -> None:
        super().__init__(command)
        self._words = persona.unknown_command

    def render(self, _level: int) -> str:
        """Return the line."""
        return self._words


def find(persona: Persona, command: Command) -> Handler:
    """Return what answers a command; raise `Unknown` for those that this modem lacks."""
    name = command.name
    if command.op is Op.READ and name in persona.extra:
        return lambda _modem, _command: [f"{name}: {persona.extra[name]}"]
    if name in persona.accepted:
        return lambda _modem, _command: ()
    foreign = name in commands_sim.ICCID_COMMANDS and name != persona.iccid_command
    absent = name in {"+CREG", "+CGREG", "+CEREG"} and name not in persona.registration
    if name not in TABLE or foreign or absent or (name == "+CMMS" and not persona.has_cmms):
        raise Unknown(persona, command)
    return TABLE[name]
