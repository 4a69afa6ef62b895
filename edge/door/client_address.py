"""The source of a request: the client's address behind proxies, the page's origin. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.settings import Settings, SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class ClientAddresses:
    """The proxies whose header is trusted, and the pages that may call."""

    proxies: tuple[Network, ...] = ()
    """Peers whose header is trusted; empty: none."""
    header: str = "X-Forwarded-For"
    origins: frozenset[str] = frozenset()
    """Origins of pages that may call; empty: all."""

    @staticmethod
    def of(settings: Settings) -> ClientAddresses:
        """Return those of *settings*.

        Raises:
            SettingsError: a proxy is no network.
        """
        try:
            networks = [ipaddress.ip_network(item) for item in _listed(settings.trusted_proxies)]
        except ValueError as error:
            raise SettingsError(f"AURA_TRUSTED_PROXIES: {error}") from error
        origins = frozenset(item.rstrip("/").lower() for item in _listed(settings.allowed_origins))
        return ClientAddresses(tuple(networks), settings.proxy_header, origins)

    def address(self, peer: str, values: Sequence[str]) -> str:
        """Return the client's address, from the socket's *peer* and the values of the header.

        Each proxy appends the address that called it. So the client is the first address from the
        right that is no trusted proxy; anybody may have written those to its left.
        """
        address = peer
        hops = [hop.strip() for value in values for hop in value.split(",")]
        while self._trusts(address) and hops:
            claimed = _address(hops.pop())
            if claimed is None:
                break
            address = claimed
        return address

    def may_call(self, origin: str | None) -> bool:
        """True for allowed origins and for non-browsers."""
        if not self.origins or origin is None:
            return True
        return origin.rstrip("/").lower() in self.origins

    def _trusts(self, address: str) -> bool:
        if not self.proxies:
            return False
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.proxies)


def _address(text: str) -> str | None:
    """Return the address in *text*, which may be quoted, bracketed or followed by a port."""
    text = text.strip('" ').removeprefix("for=").strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
