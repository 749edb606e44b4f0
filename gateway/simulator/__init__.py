"""A virtual GSM network behind pseudo-terminals: what demo, tests and benches talk to."""

from gateway.simulator.control import SimClient, SimError, serve
from gateway.simulator.handset import AutoReply, Handset, ReceivedText
from gateway.simulator.ledger import Entry, Kind, Ledger
from gateway.simulator.modem import VirtualModem
from gateway.simulator.network import Network
from gateway.simulator.personas import PERSONAS
from gateway.simulator.timing import REALISTIC, Timing

__all__ = [
    "PERSONAS",
    "REALISTIC",
    "AutoReply",
    "Entry",
    "Handset",
    "Kind",
    "Ledger",
    "Network",
    "ReceivedText",
    "SimClient",
    "SimError",
    "Timing",
    "VirtualModem",
    "serve",
]
