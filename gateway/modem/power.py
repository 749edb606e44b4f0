"""Take the power from one port of a USB hub and give it back, by uhubctl(8) where that is installed.

Not every hub can do that; one that cannot is told by uhubctl, and nothing is changed.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Final

PROGRAM: Final = "uhubctl"
_OFF: Final = 3  # seconds without power: capacitors keep a modem alive for one or two
_PATIENCE: Final = 30.0  # seconds
_DEVICE: Final = re.compile(r"(\d+)-(\d+(?:\.\d+)*)")  # as sysfs names devices: bus, then ports


def available() -> bool:
    """Return whether there is a uhubctl to run."""
    return shutil.which(PROGRAM) is not None


def place(device: Path) -> tuple[str, str] | None:
    """Return hub and port of a device as uhubctl takes them: of 1-4.2, hub 1-4 and port 2.

    None for what is no device, so that no other port is ever switched.
    """
    match = _DEVICE.fullmatch(device.name)
    if match is None:
        return None
    before, _, port = match[2].rpartition(".")
    return (f"{match[1]}-{before}" if before else match[1]), port


async def cycle(device: Path, program: str = PROGRAM) -> None:
    """Switch the port of `device` off and on; raises `OSError` where that is not possible.

    Takes some seconds, and `_PATIENCE` at most.
    """
    where = place(device)
    if where is None:
        raise OSError(f"{device.name} is no USB device")
    hub, port = where
    words = ("--location", hub, "--ports", port, "--action", "cycle", "--delay", str(_OFF))
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, *words, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        async with asyncio.timeout(_PATIENCE):
            code = await process.wait()
    except TimeoutError as exc:
        raise OSError(f"{program} did not end within {_PATIENCE:g} s") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        raise OSError(f"{program} ended with {code}: can this hub switch its ports?")
