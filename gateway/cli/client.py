"""The HTTP client of the command line: blocking, standard library only, so that commands start fast."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from gateway.cli.exits import Exit, Stop
from gateway.cli.problems import ApiProblem

if TYPE_CHECKING:
    from ssl import SSLContext

    from gateway.config import ApiSection

_TIMEOUT: Final = 60.0  # seconds; a batch of 10,000 takes some
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how to reach what listens there


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(str(self._path))


class Client:
    """Speaks to one daemon with one key."""

    def __init__(self, api: ApiSection, key: str, ca_file: Path | None = None) -> None:
        self._api = api
        self._ca_file = ca_file
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})

    @property
    def address(self) -> str:
        """Where the daemon should be."""
        if self._api.unix_socket is not None:
            return str(self._api.unix_socket)
        host = _ANYWHERE.get(self._api.host, self._api.host)
        scheme = "http" if self._api.tls == "none" else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self._api.port}"

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """Return what GET answers; None in `query` is left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.call("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 - JSON
        """Return what POST answers."""
        data = None if body is None else json.dumps(body).encode()
        return self.call("POST", path, data, {"Content-Type": "application/json", **headers})

    def call(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - JSON
        """Make one request; raise `ApiProblem` for a refusal and `Stop` where no daemon answers."""
        status, _, answer = self._answer(method, path, data, headers)
        return _good(status, answer)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Make one request with a JSON body, if any; return its status and JSON, whatever they are."""
        if body is None:
            return self.exchange(method, path)
        return self.exchange(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def exchange(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Make one request; return its status and JSON, whatever they are."""
        status, answer = self.raw(method, path, data, headers)
        return status, _json(answer)

    def raw(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Make one request; return its status and body as it came."""
        status, _, body = self._answer(method, path, data, headers)
        return status, body

    def tagged(self, path: str) -> tuple[Any, str]:
        """Return what GET answers and its ETag, for a change of that very version."""
        status, tag, body = self._answer("GET", path)
        return _good(status, body), tag

    def put(self, path: str, body: object, tag: str) -> Any:  # noqa: ANN401 - JSON
        """Replace what GET answered with that ETag; return what it is now."""
        headers = {"Content-Type": "application/json", "If-Match": tag}
        return self.call("PUT", path, json.dumps(body).encode(), headers)

    def file(self, path: str) -> bytes:
        """Return a file that GET answers, as it came."""
        status, body = self.raw("GET", path)
        if status >= http.HTTPStatus.BAD_REQUEST:
            _good(status, body)
        return body

    def _answer(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        """Make one request; return its status, ETag and body."""
        connection = self._connection()
        try:
            connection.request(method, path, body=data, headers=self._headers | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.headers.get("ETag", ""), answer.read()
        except (OSError, http.client.HTTPException) as exc:
            raise self._unavailable(exc) from exc
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._api.unix_socket is not None:
            return _UnixConnection(self._api.unix_socket)
        if self._api.port == 0:
            raise Stop(
                Exit.CONFIGURATION,
                "[api] port is 0 (any free one), so the daemon cannot be found: set a port or unix_socket",
            )
        host = _ANYWHERE.get(self._api.host, self._api.host)
        if self._api.tls == "none":
            return http.client.HTTPConnection(host, self._api.port, timeout=_TIMEOUT)
        trust = _trust(self._api.tls_certificate, self._ca_file)
        return http.client.HTTPSConnection(host, self._api.port, timeout=_TIMEOUT, context=trust)

    def _unavailable(self, exc: Exception) -> Stop:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc) or type(exc).__name__
        return Stop(
            Exit.UNAVAILABLE,
            f"no daemon answers at {self.address} ({why}).",
            "Start it with `schoolgate run` or `systemctl start schoolgate`, or check [api] in its file.",
        )


def _trust(certificate: Path | None, ca_file: Path | None) -> SSLContext:
    """Trust what a file of authorities vouches for by name, or else one certificate and no other."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = ca_file or certificate
    assert path is not None  # noqa: S101 - the configuration was checked
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
            return context
        first, footer, _ = path.read_text("ascii").partition(ssl.PEM_FOOTER)
        context.check_hostname = False  # it is that one, under whatever name we reach it
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=first + footer)
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else "no certificate in PEM"
        raise Stop(Exit.CONFIGURATION, f"{path}: cannot be trusted: {why}") from exc
    return context


def _good(status: int, body: bytes) -> Any:  # noqa: ANN401 - JSON
    answer = _json(body)
    if status >= http.HTTPStatus.BAD_REQUEST:
        raise ApiProblem(status, answer if isinstance(answer, dict) else {})
    return answer


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
