"""The limits of one address at an edge, the same for every door. Pure.

An address is counted as by `client_address.counted_as`. The operator sets the number of callers who
may share an address (AURA_MAX_CONNECTIONS_PER_IP); limits without a setting follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.door.limits.rate_limits import AddressRate, ConnectionLimit
from runtime.settings import Settings

SPARE_SOCKETS = 20
"""The TCP connections beside two for each WebSocket: for pages, and for clients that just left."""
NEW_SOCKETS = 2.0
"""TCP connections a minute, as a multiple of the requests and handshakes."""
PAGE_REQUESTS = 12
"""The requests of one load of the talk page."""
BAD_TOKENS = 0.5
"""Refused tokens a minute, as a share of the handshakes."""


@dataclass(frozen=True)
class AddressLimits:
    """The limits of each address."""

    sockets: int
    """TCP connections at once."""
    new_sockets: AddressRate
    """New TCP connections, with or without a valid request."""
    requests: AddressRate
    handshakes: AddressRate
    connections: ConnectionLimit
    """WebSockets at once."""
    bad_tokens: AddressRate
    sessions: AddressRate
    """Sessions begun or resumed, in any client protocol."""
    page_files: AddressRate
    """Requests for files of the talk page: many at once, but cheap."""

    @staticmethod
    def of(settings: Settings) -> AddressLimits:
        callers, requests = settings.max_connections_per_ip, settings.api_requests_per_minute
        joins = settings.joins_per_minute_per_ip or callers * (settings.reconnects_per_minute + 1)
        return AddressLimits(
            settings.max_sockets_per_ip or 2 * callers + SPARE_SOCKETS,
            AddressRate(NEW_SOCKETS * (requests + joins)),
            AddressRate(requests),
            AddressRate(joins),
            ConnectionLimit(callers),
            AddressRate(BAD_TOKENS * joins),
            AddressRate(joins),
            AddressRate(PAGE_REQUESTS * requests),
        )
