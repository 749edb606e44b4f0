"""How the page looks, on a screen and on paper, and what it may do: nothing."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLE: Final = """
:root { color-scheme: light; --ink: #1c2733; --soft: #5a6875; --edge: #cdd5dc; --blue: #2b5f8a; }
:root { --good: #2e7d4f; --warn: #a15c00; --bad: #b3261e; }
* { box-sizing: border-box; }
body { color: var(--ink); background: #fff; font: 15px/1.5 system-ui, "Segoe UI", Arial, sans-serif; }
body { margin: 0 auto; max-width: 52rem; padding: 1.5rem; }
header { border-bottom: 3px solid var(--blue); margin-bottom: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; }
h2 { border-bottom: 1px solid var(--edge); font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { margin: .4rem 0; }
.soft, small { color: var(--soft); }
.banner { border-left: 6px solid; font-size: 1.05rem; font-weight: 600; margin: 1rem 0; }
.banner { padding: .5rem .9rem; }
.kept { color: var(--good); } .attention { color: var(--warn); } .breach { color: var(--bad); }
.banner.kept { background: #eaf5ee; } .banner.attention { background: #fdf3e3; }
.banner.breach { background: #fbeae9; }
.tiles { display: grid; gap: .6rem; grid-template-columns: repeat(3, 1fr); list-style: none; padding: 0; }
.tiles li { border: 1px solid var(--edge); border-radius: .4rem; padding: .5rem .8rem; }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.3; }
table { border-collapse: collapse; font-size: .86rem; margin: .5rem 0 1rem; width: 100%; }
th, td { border-bottom: 1px solid var(--edge); padding: .25rem .6rem .25rem 0; text-align: left; }
th, td { vertical-align: top; }
td { overflow-wrap: break-word; }
td b { white-space: nowrap; }
th.number, td.number { text-align: right; white-space: nowrap; }
svg { display: block; height: auto; margin: .6rem 0; max-width: 100%; width: 100%; }
svg text { fill: var(--soft); font-size: 12px; }
svg .bar { fill: var(--blue); } svg .grid { stroke: var(--edge); }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .other { fill: #9aa7b2; }
code { font-size: .85em; overflow-wrap: anywhere; }
footer { border-top: 1px solid var(--edge); color: var(--soft); font-size: .8rem; margin-top: 2rem; }
@page { size: A4; margin: 14mm 14mm 16mm; }
@media print {
  body { font-size: 10pt; max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  tr, svg, .tiles li, .banner { break-inside: avoid; }
  thead { display: table-header-group; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
META: Final = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
POLICY: Final = f"{META}; frame-ancestors 'none'"
