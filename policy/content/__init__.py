"""What must not be sent by text, found in the text itself (2.2, 7.1): a seat-belt, not the steering."""

from policy.content.scanner import Finding, scan

__all__ = ["Finding", "scan"]
