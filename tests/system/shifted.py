"""The command line on a clock that another process sets: `python -m tests.system.shifted run …`.

`SHIFTED_CLOCK` names a file with the seconds that are added, as text. The gateway asks the time in one place.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from gateway import clock

_FILE = Path(os.environ["SHIFTED_CLOCK"])
_true = clock.utc_now


def _shifted() -> datetime:
    return _true() + timedelta(seconds=float(_FILE.read_text()))


clock.utc_now = _shifted  # before anything else takes it from there

from gateway.cli import main  # noqa: E402 - after the clock

if __name__ == "__main__":
    main()
