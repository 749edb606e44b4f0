"""The monthly report as people want it: one page to print, and a table for spreadsheets."""

from __future__ import annotations

from api.report.page import page
from api.report.sheet import sheet

__all__ = ["page", "sheet"]
