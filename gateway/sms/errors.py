"""The one error of this package."""

from __future__ import annotations


class PduError(ValueError):
    """The octets are no valid PDU, or a value cannot be written into one; says what is wrong, and where."""
