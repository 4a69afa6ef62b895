"""Whose address it is behind proxies, and which pages may call."""

from __future__ import annotations

import pytest

from edge.door.callers.client_address import ClientAddresses
from runtime.settings import SettingsError
from tests.unit.settings import defaults_but


def visitors(**settings: str) -> ClientAddresses:
    return ClientAddresses.of(defaults_but(**settings))


def test_without_a_setting_no_header_is_believed() -> None:
    assert visitors().address("10.0.0.1", ["1.2.3.4"]) == "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),  # what stands left of it may be a lie
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4, 10.9.9.9"], "1.2.3.4"),
        ("10.0.0.1", ["1.2.3.4:5678"], "1.2.3.4"),
        ("10.0.0.1", ['"[2001:db8::1]:5678"'], "2001:db8::/64"),
        ("10.0.0.1", ["2001:db8:0:0:ffff::9"], "2001:db8::/64"),
        ("10.0.0.1", ["2001:db8:0:1::1"], "2001:db8:0:1::/64"),
        ("64:ff9b::192.0.2.7", [], "192.0.2.7"),  # NAT64: many callers in one /64
        ("2002:c000:207:1::1", [], "192.0.2.7"),  # 6to4: many /64 of one caller
        ("2001:0:cb00:7101:0:fff:3fff:fdf8", [], "192.0.2.7"),  # Teredo: many callers in one /64
        ("2002:a00:1::1", ["198.51.100.1"], "10.0.0.1"),  # of a proxy, and yet no proxy
        ("10.0.0.1", ["::ffff:1.2.3.4"], "1.2.3.4"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("fe80::1%eth0", [], "fe80::/64"),
        ("10.0.0.1", ["fe80::2%1"], "fe80::/64"),
        ("10.0.0.1", ["::1"], "::1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("9.9.9.9", ["1.2.3.4"], "9.9.9.9"),  # no proxy of ours
        ("::1", ["1.2.3.4"], "1.2.3.4"),
        ("not an address", ["1.2.3.4"], "not an address"),
    ],
)
def test_a_trusted_proxy_names_the_client(peer: str, said: list[str], address: str) -> None:
    assert visitors(trusted_proxies="10.0.0.0/8, ::1").address(peer, said) == address


def test_a_network_that_is_none_is_said_with_its_setting() -> None:
    with pytest.raises(SettingsError, match="AURA_TRUSTED_PROXIES"):
        visitors(trusted_proxies="the proxy")


def test_pages_of_other_origins_may_not_call_where_origins_are_set() -> None:
    some = visitors(allowed_origins="https://app.example.com, http://localhost:3000/")
    assert some.may_call("https://app.example.com")
    assert some.may_call("https://APP.example.com/")
    assert some.may_call("http://localhost:3000")
    assert some.may_call(None)  # not a browser
    assert not some.may_call("https://evil.example.com")
    assert not some.may_call("null")
    assert visitors(allowed_origins="*").may_call("https://anybody.example.com")


def test_an_origin_may_be_written_as_people_do() -> None:
    some = visitors(
        allowed_origins="https://Bücher.example:443, http://[::1]:8000/, app://localhost"
    )
    for origin in ("https://xn--bcher-kva.example", "http://[::1]:8000", "app://localhost"):
        assert some.may_call(origin), origin


@pytest.mark.parametrize(
    "item", ["app.example.com", "app.example.com:443", "null", "https://a.example/talk", "https://"]
)
def test_what_is_no_origin_is_said_with_its_setting(item: str) -> None:
    with pytest.raises(SettingsError, match=r"AURA_ALLOWED_ORIGINS: .* https://app\.example\.com"):
        visitors(allowed_origins=f"https://good.example, {item}")


def test_where_none_are_set_only_pages_of_the_own_host_may_call() -> None:
    own = visitors(debug="false")
    for origin, host in (
        ("https://aura.example.com", "aura.example.com"),
        ("https://aura.example.com", "AURA.example.com:443"),
        ("http://192.168.1.7:8000", "192.168.1.7:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        (None, "aura.example.com"),
    ):
        assert own.may_call(origin, host), origin
    for origin, host in (
        ("https://evil.example", "aura.example.com"),
        ("https://aura.example.com.evil.example", "aura.example.com"),
        ("https://aura.example.com:8443", "aura.example.com"),
        ("http://localhost:3000", "localhost:8000"),
        ("null", "aura.example.com"),
        ("null", "null"),
        ("", ""),
        ("https://", ""),
        ("https://[", "["),
        ("file://", ""),
    ):
        assert not own.may_call(origin, host), origin


def test_a_page_on_ones_own_machine_may_call_while_debug_is_on() -> None:
    for page in ("http://localhost:3000", "http://127.0.0.1:5500", "http://[::1]:1"):
        assert visitors().may_call(page, "aura.example.com:8000")
    for page in ("http://localhost.evil.example", "https://evil.example", "null"):
        assert not visitors().may_call(page, "localhost:8000")


def test_a_trusted_proxy_is_known_by_its_own_address() -> None:
    some = visitors(trusted_proxies="10.0.0.0/8")
    assert some.is_proxy("10.1.2.3")
    assert some.is_proxy("::ffff:10.1.2.3")
    assert not some.is_proxy("9.9.9.9")
    assert not some.is_proxy("not an address")


@pytest.mark.parametrize("origin", ["http://[::1", "https://app.example.com:port"])
def test_an_origin_that_cannot_be_read_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(SettingsError, match="is no origin"):
        visitors(allowed_origins=origin)
