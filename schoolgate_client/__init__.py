"""A small client of Schoolgate's API: `Client` waits, `AsyncClient` is awaited (and needs aiohttp).

    with Client("http://127.0.0.1:8025", key) as gate:
        accepted = gate.send("+447…", "trip", {"place": "the museum", "day": "Friday"}, reference="trip-7b-1")
        print(gate.message(accepted["id"])["status"])

Every answer is the JSON of the API, typed. A refusal or fault is a `Problem`. What failed on the way is tried
again, under the same Idempotency-Key, so nothing is sent twice.
"""

from schoolgate_client.answers import (
    Accepted,
    Batch,
    BatchAccepted,
    BatchCheck,
    Check,
    Event,
    Forecast,
    InboxMessage,
    Message,
    OptOut,
    Reason,
)
from schoolgate_client.problem import Problem, Unreachable
from schoolgate_client.signature import SignatureWrong, verified
from schoolgate_client.sync import Client

__all__ = [
    "Accepted",
    "AsyncClient",
    "Batch",
    "BatchAccepted",
    "BatchCheck",
    "Check",
    "Client",
    "Event",
    "Forecast",
    "InboxMessage",
    "Message",
    "OptOut",
    "Problem",
    "Reason",
    "SignatureWrong",
    "Unreachable",
    "verified",
]


def __getattr__(name: str) -> object:
    """Import the asynchronous client only where it is wanted: the other needs no library."""
    if name == "AsyncClient":
        from schoolgate_client.asynchronous import AsyncClient

        return AsyncClient
    raise AttributeError(name)
