"""The configuration as `schoolgate doctor` finds it: a fault in it does not end the examination."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.cli.exits import Exit, Stop
from gateway.cli.options import client_of, found

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.cli.client import Client
    from gateway.config import Config
    from gateway.doctor import Finding


@dataclass(frozen=True, slots=True)
class Seen:
    """The configuration, as far as it can be used, and what is wrong with it."""

    config: Config | None
    file: Path | None
    key_file: Path | None
    faults: tuple[Finding, ...] = ()

    def client(self) -> Client:
        """Return a client of the daemon; raise `Stop` where there is no key to use."""
        if self.config is None:
            raise Stop(Exit.CONFIGURATION, "the configuration does not say where the daemon is")
        return client_of(self.config, self.key_file)


def look_at_config(path: Path | None, key_file: Path | None) -> Seen:
    """Load the configuration that is meant; with a fault, what of it can be used, and the findings."""
    from gateway.cli.looking_access import there
    from gateway.config import ConfigError, load
    from gateway.config_salvage import usable
    from gateway.doctor import config_findings, no_config_findings

    try:
        file = path or found()
    except Stop as stop:
        return Seen(None, None, key_file, tuple(no_config_findings(" ".join(stop.sentences))))
    try:
        return Seen(load(file), file, key_file)
    except ConfigError as exc:
        is_there, closed = there(file), not os.access(file, os.R_OK, effective_ids=True)
        faults = config_findings(str(file), exc.problems, there=is_there, closed=is_there and closed)
        return Seen(usable(file), file, key_file, tuple(faults))
