"""The exit codes that scripts may rely on; from 64 on they are those of sysexits(3)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended. 130 is an interruption (Ctrl-C)."""

    OK = 0
    FAILED = 1  # refused, not found, or it did not work; trying again as it is will not help
    USAGE = 2  # the command or its data cannot be understood
    UNAVAILABLE = 69  # the daemon, or the virtual network, does not answer
    TEMPORARY = 75  # not now: the same command may work later
    NOT_PERMITTED = 77  # this key, person or user may not do that
    CONFIGURATION = 78  # configuration, policy file, keys or database must be put right first


class Stop(Exception):
    """Ends a command: the exit code, and the sentences that standard error shows."""

    def __init__(self, code: Exit, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.code = code
        self.sentences = sentences
