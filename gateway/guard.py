"""Where webhooks may go: public addresses, and those of our own network that the configuration names.

The address that was judged is the one that is connected to, so a name cannot change its mind in between.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

Network = IPv4Network | IPv6Network
_LONGEST: Final = 2000
_NO_ADDRESS: Final = "is not an address; write it as https://host/path"
_NUMBER: Final = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.IGNORECASE)
"""A host that ends in a number and is no IP address as it is written is none that can be reached."""
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address is in the last four octets


class Forbidden(OSError):
    """The address is not public, and the configuration does not allow it."""


def allowed(address: str, networks: Sequence[Network], *, public: bool) -> bool:
    """Return whether an IP address may be connected to; `public`: also where it is listed nowhere."""
    found = _unmapped(address)
    if any(found in network for network in networks if network.version == found.version):
        return True
    return public and found.is_global and not found.is_multicast


def _unmapped(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found in _NAT64:
            return IPv4Address(found.packed[-4:])
        return found.ipv4_mapped or found.sixtofour or found
    return found


def fault_of(url: str, networks: Sequence[Network]) -> str | None:
    """Return what is wrong with an endpoint's address as it is written; None where nothing is."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return _NO_ADDRESS
    return _fault(url, parts, networks)


def _fault(url: str, parts: SplitResult, networks: Sequence[Network]) -> str | None:
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or len(url) > _LONGEST
        or not url.isascii()
    ):
        return _NO_ADDRESS
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "must have neither a user name nor a fragment"
    if parts.scheme == "http" and not networks:
        return "must begin with https://: without TLS only what [webhooks] allow names can be reached"
    try:
        ip_address(parts.hostname)
    except ValueError:
        return _NO_ADDRESS if _NUMBER.search(parts.hostname) else None
    if not allowed(parts.hostname, networks, public=parts.scheme == "https"):
        return "is not a public address; [webhooks] allow can name networks of your own"
    return None


class Guard(AbstractResolver):
    """Resolves a name to the addresses that may be connected to; raises `Forbidden` where none may."""

    def __init__(self, networks: Sequence[Network], *, public: bool) -> None:
        self._networks = networks
        self._public = public
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up."""
        found = await self._names.resolve(host, port, family)
        good = [each for each in found if allowed(each["host"], self._networks, public=self._public)]
        if not good:
            raise Forbidden("not a public address")
        return good

    async def close(self) -> None:
        """Let go."""
        await self._names.close()
