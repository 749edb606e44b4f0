"""What to do about what the gateway says of a modem: its own sentences, and the next step for each."""

from __future__ import annotations

import re
from typing import Final

RESTART: Final = "sudo systemctl restart schoolgate"
NETWORK: Final = "look at the antenna, and whether the SIM is active and its network has coverage here"
PLACE: Final = "move the modem or its antenna to a window, away from other devices"
CENTRE: Final = "ask the operator for the service centre's number, and set smsc under [[modem]]"
PUK: Final = (
    "put the SIM in a phone, enter the PUK from the operator's letter and choose a PIN; write that PIN into "
    f"the file that pin_file under [[modem]] names; put the SIM back; then: {RESTART}"
)
PHONE: Final = f"put the SIM in a phone, enter its PIN there, which gives all tries back; then: {RESTART}"
SELF_TEST: Final = (
    "text the SIM's number from a phone, and see with `schoolgate inbox` whether it comes in; if not: has "
    "the SIM credit, is it active, is self_test_to under [[modem]] its number?"
)

_STEPS: Final = (
    ("PUK", PUK),
    ("PIN attempts left", PHONE),
    (
        "PIN and none is configured",
        "write it into a file: sudoedit /etc/schoolgate/pins/SIM; sudo chmod 600 /etc/schoolgate/pins/SIM; "
        f'set pin_file = "pins/SIM" under [[modem]]; then: {RESTART}',
    ),
    (r"\bPIN\b", f"write the right PIN into the file that pin_file under [[modem]] names; then: {RESTART}"),
    (
        "modem confirm|wants SIM",
        "put the right SIM back; or, if it was changed on purpose: schoolgate modem confirm NAME",
    ),
    ("no SIM is inserted", "put the SIM in, the right way round, and plug the modem in again"),
    (
        "the SIM (does not work|is not)",
        "try the SIM in a phone; if it fails there, too, ask the operator for another",
    ),
    ("is held by", "stop that program; `sudo fuser -v PORT` says which it is"),
    (
        "may not be opened",
        f"have its port belong to the group dialout, by a udev rule (docs/modems.md); {RESTART}",
    ),
    ("is not a serial port", "correct port under [[modem]]"),
    ("is not there|was unplugged", "plug it in; if it is: lsusb; sudo dmesg | tail"),
    ("SMS centre", CENTRE),
    (
        "no part",
        "put the SIM in a phone and send a text: is its credit gone, is it for data only? If it can, try the "
        "modem's other ports: schoolgate modem probe PORT",
    ),
    (
        "cannot be read",
        "try the modem's other ports: schoolgate modem probe PORT; else other firmware, or another modem",
    ),
    (
        "cannot be deleted",
        "put the SIM in a phone and delete its messages there; if it happens again, replace the modem",
    ),
    (
        "announces nothing",
        "nothing, if a few seconds do not matter; else the modem's other ports may do better",
    ),
    (
        "no delivery reports",
        "nothing, if you can do without; doubts are yours to settle: schoolgate doubt list",
    ),
    ("network was lost", PLACE),
    ("self-test failed", SELF_TEST),
    ("disk|database", "df -h says whether a disk is full; then: journalctl -u schoolgate -n 50"),
    ("file descriptors", f"sudo ss -xtp says who holds so many connections; then: {RESTART}"),
)
_BY_PHASE: Final = {
    "searching": "plug it in; if it is, these say what the machine sees of it: lsusb; sudo dmesg | tail",
    "registering": NETWORK,
    "blocked": f"do what it says; then: {RESTART}",
}
_REPLUG: Final = "if it stays so, unplug the modem and plug it in again; then try another cable or socket"


def remedy(sentence: str, phase: str = "") -> str:
    """Return what a technician does about `sentence`, which a modem in `phase` is said to be in."""
    known = (step for words, step in _STEPS if re.search(words, sentence))
    return next(known, _BY_PHASE.get(phase, _REPLUG))
