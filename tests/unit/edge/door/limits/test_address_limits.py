"""The numbers that follow from how many callers may share an address."""

from __future__ import annotations

from edge.door.limits.address_limits import AddressLimits
from runtime.settings import load


def limits(**settings: int) -> AddressLimits:
    return AddressLimits.of(load(_env_file=None, **settings))


def test_all_follow_from_the_connections_of_an_address() -> None:
    usual = limits()
    assert usual.sockets == 40
    assert usual.handshakes.a_minute == usual.sessions.a_minute == 60
    assert usual.bad_tokens.a_minute == 30
    assert usual.new_sockets.a_minute == 320
    many = limits(max_connections_per_ip=1000)
    assert many.sockets == 2020
    assert many.handshakes.a_minute == 6000


def test_they_can_be_set_by_themselves() -> None:
    own = limits(max_sockets_per_ip=7, joins_per_minute_per_ip=4)
    assert own.sockets == 7
    assert own.handshakes.a_minute == own.sessions.a_minute == 4
    assert own.bad_tokens.a_minute == 2


def test_the_rates_are_counted_apart() -> None:
    own = limits(joins_per_minute_per_ip=1)
    assert own.handshakes.refuse_s("a", 0.0) == 0
    assert own.handshakes.refuse_s("a", 0.0) > 0
    assert own.sessions.refuse_s("a", 0.0) == 0
    assert own.bad_tokens.refuse_s("a", 0.0) == 0, "one at the least, or no good one would get in"
