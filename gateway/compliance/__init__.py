"""How the gateway keeps to the policy: what is to be done today, and the report of a month (1.2, 8.1)."""

from __future__ import annotations

from gateway.compliance.compliance import Compliance

__all__ = ["Compliance"]
