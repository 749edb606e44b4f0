"""Remote control of a virtual network: JSON lines over a Unix socket.

A request is `{"do": name, …}` with its parameters; the answer is `{"ok": true, "result": …}` or
`{"ok": false, "error": …}`.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from gateway.simulator.network import Network

_LIMIT: Final = 1 << 20


def _modems(network: Network) -> list[dict[str, object]]:
    return [
        {
            "name": modem.name,
            "number": modem.number,
            "path": str(modem.path),
            "persona": modem.persona.name,
            "plugged": modem.wire.plugged,
            "registered": modem.radio.registered,
            "stored": {m.name: [len(m.slots), m.size] for m in modem.storage.memories.values()},
            "waiting": network.centre.waiting(modem.number),
            "faults": [repr(fault) for fault in modem.faults],
        }
        for modem in network.modems.values()
    ]


def _handsets(network: Network) -> list[dict[str, object]]:
    return [
        {"number": h.number, "received": len(h.received), "statuses": list(h.statuses)}
        for h in network.handsets.values()
    ]


def _received(network: Network, number: str) -> list[dict[str, object]]:
    return [
        {"text": t.text, "sender": t.sender, "at": t.at, "parts": t.parts}
        for t in network.handset(number).received
    ]


def _text(network: Network, sender: str, to: str, text: str, **how: Any) -> None:  # noqa: ANN401 - JSON
    network.text(sender, to, text, **how)


def _deliver(network: Network, to: str, pdu: str) -> None:
    network.deliver(to, pdu)


def _fault(network: Network, modem: str, name: str, parameters: Mapping[str, object] | None = None) -> str:
    return repr(network.modems[modem].fault(name, **(parameters or {})))


def _clear(network: Network, modem: str) -> None:
    network.modems[modem].clear_faults()


def _outcome(network: Network, number: str, outcome: str | list[int]) -> None:
    network.handset(number).reports(outcome)


def _auto_reply(network: Network, number: str, text: str, **rule: Any) -> None:  # noqa: ANN401 - JSON
    network.handset(number).auto_reply(text, **rule)


def _ledger(network: Network, since: int = 0, kinds: list[str] | None = None) -> dict[str, object]:
    """Return entries from number `since` on, and the number to ask from next time."""
    entries = network.ledger.entries[since:]
    chosen = [e for e in entries if kinds is None or e.kind in kinds]
    shown = [{"at": e.at, "kind": e.kind, "modem": e.modem, **e.facts} for e in chosen]
    return {"next": since + len(entries), "entries": shown}


def _statistics(network: Network) -> dict[str, object]:
    busy = {name: sum(end - start for start, end in network.ledger.busy(name)) for name in network.modems}
    return {"counts": network.ledger.counts(), "busy_seconds": busy}


DO: Final[Mapping[str, Callable[..., object]]] = {
    "modems": _modems,
    "handsets": _handsets,
    "received": _received,
    "text": _text,
    "deliver": _deliver,
    "fault": _fault,
    "clear": _clear,
    "outcome": _outcome,
    "auto_reply": _auto_reply,
    "ledger": _ledger,
    "statistics": _statistics,
}


def answer(network: Network, line: bytes) -> dict[str, object]:
    """Carry out one request; whatever is wrong with it is said in the answer."""
    try:
        request = json.loads(line)
        action = DO[request.pop("do")]
        return {"ok": True, "result": action(network, **request)}
    except KeyError as error:
        return {"ok": False, "error": f"there is no {error}; requests are {', '.join(DO)}"}
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        return {"ok": False, "error": str(error)}


@asynccontextmanager
async def serve(network: Network, path: Path) -> AsyncIterator[None]:
    """Answer requests at `path` for as long as the context lasts."""
    clients: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(answer(network, line)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # a client that leaves is none of our business
        finally:
            clients.discard(writer)
            writer.close()

    await asyncio.to_thread(path.unlink, missing_ok=True)
    server = await asyncio.start_unix_server(connected, path, limit=_LIMIT)
    try:
        yield
    finally:
        server.close()
        for client in tuple(clients):
            client.close()
        await server.wait_closed()


class SimError(Exception):
    """The virtual network refused a request."""


class SimClient:
    """Speaks to a virtual network in another process; blocking, for command lines and tests."""

    def __init__(self, path: Path, timeout: float = 10.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._file = self._socket.makefile("rwb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def do(self, name: str, /, **parameters: object) -> Any:  # noqa: ANN401 - JSON
        """Carry out one request of `DO` and return its result; raise `SimError`."""
        self._file.write(json.dumps({"do": name, **parameters}).encode() + b"\n")
        self._file.flush()
        line = self._file.readline()
        if not line:
            raise SimError("the virtual network hung up")
        reply = json.loads(line)
        if not reply["ok"]:
            raise SimError(reply["error"])
        return reply["result"]

    def text(self, sender: str, to: str, text: str, **how: object) -> None:
        """Text a modem (name or number) from a handset."""
        self.do("text", sender=sender, to=to, text=text, **how)

    def fault(self, modem: str, name: str, **parameters: object) -> None:
        """Make something go wrong with a modem."""
        self.do("fault", modem=modem, name=name, parameters=parameters)

    def received(self, number: str) -> list[dict[str, Any]]:
        """Return the texts that a handset got."""
        result: list[dict[str, Any]] = self.do("received", number=number)
        return result

    def modems(self) -> list[dict[str, Any]]:
        """Return what there is to know of each modem."""
        result: list[dict[str, Any]] = self.do("modems")
        return result
