"""The bank holidays of one division, by a process of its own: `python -m gateway.bank_holidays`.

The package that knows them takes 17 MB, which the gateway would keep for a few dates a year; so it runs here
and is gone. Arguments are the division and the years; the answer is one JSON object, day to name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

_OF_THEIR_OWN = ("GG", "JE", "IM")  # the Crown dependencies


def bank_holidays(division: str, years: Sequence[int]) -> Mapping[str, str]:
    """Return the bank holidays as {"2026-12-25": "Christmas Day"}; division: ENG WLS SCT NIR GG JE IM."""
    from holidays import country_holidays

    country, part = (division, None) if division in _OF_THEIR_OWN else ("GB", division)
    found = country_holidays(country, subdiv=part, years=list(years), language="en_GB")
    return {day.isoformat(): name for day, name in sorted(found.items())}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bank_holidays(sys.argv[1], [int(year) for year in sys.argv[2:]])))
