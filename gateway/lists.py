"""Lists as CSV: read whole, every fault with its line; written so that they can be read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MOST_LINES: Final = 10_000
_LONGEST_FIELD: Final = 2_000

ListFault = tuple[int, str, str]
"""The line, the column, and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: its number in the file, and its fields by column, without spaces around them."""

    number: int
    values: Mapping[str, str]


def read_lines(
    text: str, required: Sequence[str], optional: Sequence[str]
) -> tuple[list[Line], list[ListFault]]:
    """Return the lines that can be read, and the faults of those that cannot.

    Comma or semicolon separated, with a header that has every `required` column and none but the `optional`.
    """
    import csv
    import io

    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    header = source.readline()
    separator = ";" if header.count(";") > header.count(",") else ","
    columns = [name.strip().strip('"').casefold() for name in header.rstrip("\r\n").split(separator)]
    if faults := _header_faults(columns, required, optional):
        return [], faults
    lines: list[Line] = []
    faults = []
    reader = csv.reader(source, delimiter=separator, strict=True)
    try:
        for cells in reader:
            number = reader.line_num + 1
            if any(cell.strip() for cell in cells):
                _take(number, columns, cells, lines, faults)
            if number > MOST_LINES:
                return [], [(number, "", f"a list has {MOST_LINES} lines at most; cut it in two")]
    except csv.Error as exc:
        faults.append((reader.line_num + 1, "", f"not CSV: {exc}"))
    if not lines and not faults:
        faults.append((2, "", "there is no line below the header"))
    return lines, faults


def _header_faults(
    columns: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[ListFault]:
    # A name that is not ours is told by its place: without a header it is the first person's data.
    known = (*required, *optional)
    missing = [name for name in required if name not in columns]
    faults = [(1, name, f"the column is missing; columns: {', '.join(known)}") for name in missing]
    unknown = [place for place, name in enumerate(columns, 1) if name not in known]
    faults += [(1, f"column {place}", "there is no such column") for place in unknown]
    twice = sorted({name for name in columns if columns.count(name) > 1 and name in known})
    return faults + [(1, name, "the column stands twice") for name in twice]


def _take(
    number: int, columns: Sequence[str], cells: Sequence[str], lines: list[Line], faults: list[ListFault]
) -> None:
    if len(cells) != len(columns):
        faults.append((number, "", f"has {len(cells)} fields, the header has {len(columns)}"))
        return
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    long = [name for name, cell in values.items() if len(cell) > _LONGEST_FIELD]
    faults += [(number, name, f"is longer than {_LONGEST_FIELD} characters") for name in long]
    if not long:
        lines.append(Line(number, values))


def several(field: str) -> tuple[str, ...]:
    """Return the words of a field with several, separated by spaces, `;` or `|`."""
    return tuple(field.replace(";", " ").replace("|", " ").split())


def written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a list with a header, as `read_lines` takes it."""
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
