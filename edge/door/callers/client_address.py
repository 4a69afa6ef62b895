"""The source of a request: the client's address behind proxies, and the page's origin. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from yarl import URL

from runtime.settings import Settings, SettingsError
from runtime.settings.fields import listed
from runtime.tls import LOOPBACK

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class ClientAddresses:
    """The trusted proxies, and the web pages that may call."""

    proxies: tuple[Network, ...] = ()
    """Proxies whose header is trusted; empty: none."""
    header: str = "X-Forwarded-For"
    origins: frozenset[str] = frozenset()
    """Origins of pages that may call, `*` for all; empty: the edge's own host."""
    local_pages: bool = False
    """Whether pages of localhost may call too, for development."""

    @staticmethod
    def of(settings: Settings) -> ClientAddresses:
        """Return the addresses in *settings*.

        Raises:
            SettingsError: a proxy is no network, or an origin is none.
        """
        try:
            networks = [ipaddress.ip_network(item) for item in listed(settings.trusted_proxies)]
        except ValueError as error:
            raise SettingsError(f"AURA_TRUSTED_PROXIES: {error}") from error
        origins = frozenset(_origin(item) for item in listed(settings.allowed_origins))
        return ClientAddresses(tuple(networks), settings.proxy_header, origins, settings.debug)

    def address(self, peer: str, values: Sequence[str]) -> str:
        """Return the client's address, from the socket's *peer* and the header's values.

        Each proxy appends the address that called it. So the client is the first address from the
        right that is no trusted proxy; the addresses to its left may be forged.
        """
        address = _address(peer) or peer
        hops = [hop.strip() for value in values for hop in value.split(",")]
        while self._trusts(address) and hops:
            claimed = _address(hops.pop())
            if claimed is None:
                break
            address = claimed
        return counted_as(address)

    def is_proxy(self, peer: str) -> bool:
        """Return whether the socket's *peer* is a trusted proxy."""
        return self._trusts(_address(peer) or peer)

    def may_call(self, origin: str | None, host: str = "") -> bool:
        """Return whether a page of *origin* may call *host*; non-browsers always may."""
        if origin is None or "*" in self.origins:
            return True
        origin = origin.rstrip("/").lower()
        if self.origins:
            return origin in self.origins
        scheme, _, own = origin.partition("://")
        page = _hostname(own)
        if self.local_pages and page in LOOPBACK:
            return True
        port = {"https": ":443", "http": ":80"}.get(scheme, "")
        return bool(page) and own.removesuffix(port) == host.lower().removesuffix(port)

    def _trusts(self, address: str) -> bool:
        if not self.proxies:
            return False
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.proxies)


def _origin(item: str) -> str:
    """Return an origin as browsers send it: lower case, IDNA, without the scheme's own port.

    Raises:
        SettingsError: it is none.
    """
    if item == "*":
        return item
    try:
        found = URL(item)
        if found.path == "/" and not found.query_string:
            return str(found.origin())
    except ValueError:
        pass
    raise SettingsError(
        f"AURA_ALLOWED_ORIGINS: {item!r} is no origin: write the scheme and the host, such as "
        "https://app.example.com"
    )


SITE_BITS = 64
"""The prefix of an IPv6 address: a host may have any number of addresses in it."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 clients of an IPv6 server, all in one /64 (RFC 6052)."""


def counted_as(address: str) -> str:
    """Return the key by which *address* is counted: of IPv6 its /64, else itself.

    An IPv6 address that is made from an IPv4 address counts as that one.
    """
    plain = _address(address)
    if plain is None:
        return address
    found = ipaddress.ip_address(plain)
    if found.version == 4 or found.is_loopback:
        return plain
    if within := _ipv4_within(found):
        return str(within)
    return str(ipaddress.ip_network((plain, SITE_BITS), strict=False))


def _ipv4_within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address in one of NAT64, 6to4 or Teredo, or None.

    It is only for counting, not for trust: anybody may have a 6to4 address of a trusted proxy.
    """
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


def _hostname(netloc: str) -> str:
    """Return the host in *netloc* without its port; empty if there is none."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _address(text: str) -> str | None:
    """Return the address in *text*, which may be quoted, bracketed or followed by a port.

    An IPv4 address written as IPv6 becomes IPv4; the zone of a link is left out.
    """
    text = text.strip('" ').removeprefix("for=").strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)
