"""The client that waits for each answer; it needs nothing but Python."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from schoolgate_client import calls
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
)
from schoolgate_client.calls import Call, Page
from schoolgate_client.problem import Problem, Unreachable

T = TypeVar("T")


class Client:
    """One connection to a gateway, kept open. Not to be shared by threads."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30,
        ca_file: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`url` as https://host:port; `key` as sg_…; `timeout` in seconds for each try.

        `ca_file`: whose certificates to trust (PEM), such as the gateway's own; else those of this machine.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=ca_file)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=timeout, context=trust
            )
        else:
            self._connection = http.client.HTTPConnection(host, parts.port, timeout=timeout)
        self._key = key
        self._sleep = sleep

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    # -- sending ------------------------------------------------------------------------------------

    def send(
        self,
        to: str,
        template: str,
        slots: Mapping[str, str],
        *,
        idempotency_key: str | None = None,
        **more: Any,  # noqa: ANN401 - reference, language, priority, not_before, validity, on_doubt
    ) -> Accepted:
        """Send one message; `more` are the other fields of POST /v1/messages."""
        return self.ask(calls.send(to, template, slots, idempotency_key, **more))

    def check(self, to: str, template: str, slots: Mapping[str, str], **more: Any) -> Check:  # noqa: ANN401
        """Say what sending would come to, and change nothing."""
        return self.ask(calls.check(to, template, slots, **more))

    def send_batch(
        self,
        template: str,
        recipients: Sequence[Mapping[str, object]],
        *,
        idempotency_key: str | None = None,
        **more: Any,  # noqa: ANN401 - slots, language, priority, not_before, validity
    ) -> BatchAccepted:
        """Send the same template to many; a recipient is {"to": …, "slots": …, "reference": …}."""
        return self.ask(calls.send_batch(template, recipients, idempotency_key, **more))

    def check_batch(
        self,
        template: str,
        recipients: Sequence[Mapping[str, object]],
        **more: Any,  # noqa: ANN401 - as for `send_batch`
    ) -> BatchCheck:
        """Say what sending to many would come to and how long it would take, and change nothing."""
        return self.ask(calls.check_batch(template, recipients, **more))

    def cancel(self, ident: str) -> None:
        """Cancel a message that has not left yet."""
        self.ask(calls.cancel(ident))

    def approve_batch(self, ident: str) -> Batch:
        """Let a held batch go, as the second person."""
        return self.ask(calls.approve_batch(ident))

    def cancel_batch(self, ident: str) -> Batch:
        """Cancel what of a batch has not left yet."""
        return self.ask(calls.cancel_batch(ident))

    # -- looking ------------------------------------------------------------------------------------

    def message(self, ident: str) -> Message:
        """Show one message."""
        return self.ask(calls.message(ident))

    def messages(self, **query: Any) -> Iterator[Message]:  # noqa: ANN401 - as GET /v1/messages has it
        """Yield messages, newest first."""
        return self._pages(calls.messages(**query))

    def batch(self, ident: str) -> Batch:
        """Show a batch and how far it is."""
        return self.ask(calls.batch(ident))

    def inbox(self) -> Iterator[InboxMessage]:
        """Yield what came in, newest first."""
        return self._pages(calls.inbox())

    def events(self, after: int = 0, types: Sequence[str] = ()) -> Iterator[Event]:
        """Yield events after number `after`, oldest first, up to now."""
        return self._pages(calls.events(after, types))

    def opt_out(self, number: str, topic: str = "") -> OptOut:
        """Opt a number out at once."""
        return self.ask(calls.opt_out(number, topic))

    def forecast(self, parts: int = 0) -> Forecast:
        """Say how long the queue, and so many parts more, will take."""
        return self.ask(calls.forecast(parts))

    def _pages(self, call: Call[Page[T]]) -> Iterator[T]:
        following: Call[Page[T]] | None = call
        while following is not None:
            page = self.ask(following)
            yield from calls.items(page)
            following = calls.next_page(page)

    # -- asking -------------------------------------------------------------------------------------

    def ask(self, call: Call[T]) -> T:
        """Return the answer; raise `Problem`, or `Unreachable` after the last try."""
        tries = 0
        while True:
            status, retry_after, raw = self._try(call)
            if status is not None and status < 400:
                return call.answer(raw)
            wait = calls.pause(status, retry_after, tries)
            if wait is None or not call.repeatable:
                if status is None:
                    raise Unreachable(raw.decode())
                raise Problem.of(status, raw)
            self._sleep(wait)
            tries += 1

    def _try(self, call: Call[T]) -> tuple[int | None, str | None, bytes]:
        try:
            self._connection.request(
                call.method, call.path, body=call.data, headers=call.all_headers(self._key)
            )
            answer = self._connection.getresponse()
            return answer.status, answer.headers.get("Retry-After"), answer.read()
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            return None, None, f"no answer: {type(exc).__name__}: {exc}".encode()
