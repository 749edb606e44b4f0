"""What the log may say of an error that nobody foresaw."""

from __future__ import annotations

import traceback


def described(exc: BaseException) -> str:
    """Return kind and place of a fault, without its text: that may quote a message, a number or a PIN.

    Of a group, which says nothing itself, those of each fault in it.
    """
    if isinstance(exc, BaseExceptionGroup):
        return ", ".join(described(each) for each in exc.exceptions)
    frames = traceback.extract_tb(exc.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return type(exc).__name__ + place
