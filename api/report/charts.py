"""Charts as inline SVG: no script, nothing from elsewhere, and said in words beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape
from typing import Final

_WIDTH: Final = 680
_ROW: Final = 24  # pixels for one bar with its label
_LABEL: Final = 300


def columns(days: Mapping[date, int], title: str) -> str:
    """Return a column for each day."""
    most, step = max(days.values(), default=0) or 1, (_WIDTH - 50) / max(len(days), 1)
    parts = [_line(44, 10), _text(38, 14, str(most), "end"), _line(44, 110), _text(38, 114, "0", "end")]
    for number, (day, count) in enumerate(days.items()):
        x, height = 46 + number * step, 100 * count / most
        parts.append(
            f'<rect class="bar" x="{x:.1f}" y="{110 - height:.1f}" width="{step * 0.8:.1f}" '
            f'height="{height:.1f}"><title>{day:%-d %B}: {count}</title></rect>'
        )
        if day.day == 1 or day.day % 5 == 0:
            parts.append(_text(x + step * 0.4, 126, str(day.day), "middle"))
    return _svg(title, 132, parts)


def bars(rows: Sequence[tuple[str, int]], title: str) -> str:
    """Return a bar for each name, the longest as wide as there is room."""
    most = max((count for _, count in rows), default=0) or 1
    return _svg(title, _ROW * len(rows) + 4, list(_bars(rows, most)))


def _bars(rows: Sequence[tuple[str, int]], most: int) -> Iterator[str]:
    room = _WIDTH - _LABEL - 70
    for number, (name, count) in enumerate(rows):
        y, width = number * _ROW + 4, room * count / most
        short = name if len(name) <= 44 else f"{name[:43]}…"
        yield _text(_LABEL - 8, y + 13, short, "end")
        yield f'<rect class="bar" x="{_LABEL}" y="{y}" width="{width:.1f}" height="16"/>'
        yield _text(_LABEL + width + 6, y + 13, f"{count:,}", "start")


def share(parts: Sequence[tuple[str, int, str]], title: str) -> str:
    """Return one bar of several shares: name, count and class (good, bad, other) of each."""
    total = sum(count for _, count, _ in parts) or 1
    x, drawn = 0.0, []
    for number, (name, count, kind) in enumerate(parts):
        width = _WIDTH * count / total
        drawn.append(f'<rect class="{kind}" x="{x:.1f}" y="0" width="{width:.1f}" height="26"/>')
        at = 4 + number * (_WIDTH // len(parts))
        drawn.append(f'<rect class="{kind}" x="{at}" y="38" width="12" height="12"/>')
        drawn.append(_text(at + 18, 49, f"{name}: {count:,}", "start"))
        x += width
    return _svg(title, 56, drawn)


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _line(x: float, y: float) -> str:
    return f'<line class="grid" x1="{x}" y1="{y}" x2="{_WIDTH}" y2="{y}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
