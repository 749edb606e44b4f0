"""Where a key may be used from: addresses of a network, or a unix socket of this machine (3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from gateway.errors import Fault

UNIX: Final = "unix"
"""What a request over a unix socket says it comes from."""
_HERE: Final = "127.0.0.1"
_MOST: Final = 32


def permitted(networks: Sequence[str] | None, remote: str) -> bool:
    """Say whether `remote`, an address or `UNIX`, is in one of the networks; None permits everything.

    A unix socket counts as 127.0.0.1, and an IPv4 address in IPv6's clothes as what it is.
    """
    if networks is None:
        return True
    address = ip_address(_HERE if remote == UNIX else remote.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in each for each in _read(tuple(networks)))


def faults(networks: Sequence[str]) -> Iterator[Fault]:
    """Yield what is wrong with a list of networks such as `10.1.0.0/16`."""
    if not 1 <= len(networks) <= _MOST:
        yield Fault("networks", f"give 1 to {_MOST} networks")
    for each in networks:
        try:
            ip_network(each)
        except ValueError as exc:
            yield Fault("networks", f"a network is written as 10.1.0.0/16 or 2001:db8::/32: {exc}")


@lru_cache(maxsize=256)
def _read(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in networks)
