"""The client that is awaited; it needs aiohttp."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

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

_REST = 1.0  # seconds between two streams


class AsyncClient:
    """A pool of connections to a gateway; use it with `async with`."""

    def __init__(self, url: str, key: str, *, timeout: float = 30, ca_file: str | None = None) -> None:
        """`url` as https://host:port; `key` as sg_…; `timeout` in seconds for each try.

        `ca_file`: whose certificates to trust (PEM), such as the gateway's own; else those of this machine.
        """
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open it."""
        trust = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    # -- sending ------------------------------------------------------------------------------------

    async def send(
        self,
        to: str,
        template: str,
        slots: Mapping[str, str],
        *,
        idempotency_key: str | None = None,
        **more: Any,  # noqa: ANN401 - reference, language, priority, not_before, validity, on_doubt
    ) -> Accepted:
        """Send one message; `more` are the other fields of POST /v1/messages."""
        return await self.ask(calls.send(to, template, slots, idempotency_key, **more))

    async def check(self, to: str, template: str, slots: Mapping[str, str], **more: Any) -> Check:  # noqa: ANN401
        """Say what sending would come to, and change nothing."""
        return await self.ask(calls.check(to, template, slots, **more))

    async def send_batch(
        self,
        template: str,
        recipients: Sequence[Mapping[str, object]],
        *,
        idempotency_key: str | None = None,
        **more: Any,  # noqa: ANN401 - slots, language, priority, not_before, validity
    ) -> BatchAccepted:
        """Send the same template to many; a recipient is {"to": …, "slots": …, "reference": …}."""
        return await self.ask(calls.send_batch(template, recipients, idempotency_key, **more))

    async def check_batch(
        self,
        template: str,
        recipients: Sequence[Mapping[str, object]],
        **more: Any,  # noqa: ANN401 - as for `send_batch`
    ) -> BatchCheck:
        """Say what sending to many would come to and how long it would take, and change nothing."""
        return await self.ask(calls.check_batch(template, recipients, **more))

    async def cancel(self, ident: str) -> None:
        """Cancel a message that has not left yet."""
        await self.ask(calls.cancel(ident))

    async def approve_batch(self, ident: str) -> Batch:
        """Let a held batch go, as the second person."""
        return await self.ask(calls.approve_batch(ident))

    async def cancel_batch(self, ident: str) -> Batch:
        """Cancel what of a batch has not left yet."""
        return await self.ask(calls.cancel_batch(ident))

    # -- looking ------------------------------------------------------------------------------------

    async def message(self, ident: str) -> Message:
        """Show one message."""
        return await self.ask(calls.message(ident))

    def messages(self, **query: Any) -> AsyncIterator[Message]:  # noqa: ANN401 - as GET /v1/messages has it
        """Yield messages, newest first."""
        return self._pages(calls.messages(**query))

    async def batch(self, ident: str) -> Batch:
        """Show a batch and how far it is."""
        return await self.ask(calls.batch(ident))

    def inbox(self) -> AsyncIterator[InboxMessage]:
        """Yield what came in, newest first."""
        return self._pages(calls.inbox())

    async def opt_out(self, number: str, topic: str = "") -> OptOut:
        """Opt a number out at once."""
        return await self.ask(calls.opt_out(number, topic))

    async def forecast(self, parts: int = 0) -> Forecast:
        """Say how long the queue, and so many parts more, will take."""
        return await self.ask(calls.forecast(parts))

    async def listen(self, after: int | None = None, types: Sequence[str] = ()) -> AsyncIterator[Event]:
        """Yield events as they happen, for ever: after number `after`, or from now on. Nothing is missed."""
        session, position = self._opened(), after
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        while True:
            headers = {"Authorization": f"Bearer {self._key}"}
            if position is not None:
                headers["Last-Event-ID"] = str(position)
            query = {"types": ",".join(types)} if types else {}
            try:
                url = f"{self._url}/v1/events"
                async with session.get(url, headers=headers, params=query, timeout=timeout) as answer:
                    if answer.status != 200:
                        raise Problem.of(answer.status, await answer.read())
                    async for line in answer.content:
                        if line.startswith(b"data: "):
                            event: Event = json.loads(line.removeprefix(b"data: "))
                            position = event["seq"]
                            yield event
            except (aiohttp.ClientError, TimeoutError):
                pass  # the gateway was restarted, or the network failed: go on where it was
            await asyncio.sleep(_REST)

    async def _pages(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        following: Call[Page[T]] | None = call
        while following is not None:
            page = await self.ask(following)
            for each in calls.items(page):
                yield each
            following = calls.next_page(page)

    # -- asking -------------------------------------------------------------------------------------

    async def ask(self, call: Call[T]) -> T:
        """Return the answer; raise `Problem`, or `Unreachable` after the last try."""
        tries = 0
        while True:
            status, retry_after, raw = await self._try(call)
            if status is not None and status < 400:
                return call.answer(raw)
            wait = calls.pause(status, retry_after, tries)
            if wait is None or not call.repeatable:
                if status is None:
                    raise Unreachable(raw.decode())
                raise Problem.of(status, raw)
            await asyncio.sleep(wait)
            tries += 1

    async def _try(self, call: Call[T]) -> tuple[int | None, str | None, bytes]:
        url, headers = self._url + call.path, call.all_headers(self._key)
        try:
            async with self._opened().request(
                call.method, url, data=call.data, headers=headers, timeout=self._timeout
            ) as answer:
                return answer.status, answer.headers.get("Retry-After"), await answer.read()
        except (aiohttp.ClientError, TimeoutError) as exc:
            return None, None, f"no answer: {type(exc).__name__}: {exc}".encode()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use it with `async with`")
        return self._session
