"""Who may see the console."""

from __future__ import annotations

import pytest

from aura.cli.console.access import ACCESS_S, MOST_BROWSERS, Access, is_here, same_origin
from runtime.settings import SettingsError, load

TOKEN = "t" * 32


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("", False),
        ("localhost.evil.example", False),
        ("192.168.1.7", False),
    ],
)
def test_a_host_is_this_machine_or_not(host: str, here: bool) -> None:
    assert is_here(host) is here


def test_elsewhere_a_token_is_needed_and_a_short_one_is_refused() -> None:
    with pytest.raises(SettingsError, match="AURA_OPERATOR_TOKEN"):
        Access.of(load(console_host="0.0.0.0", _env_file=None))
    with pytest.raises(SettingsError, match="shorter than 32"):
        Access.of(load(operator_token="short", _env_file=None))
    assert Access.of(load(console_host="0.0.0.0", operator_token=TOKEN, _env_file=None)).asks
    assert not Access.of(load(_env_file=None)).asks


def test_without_a_token_only_this_machines_own_names_are_answered() -> None:
    open_ = Access("")
    assert open_.is_ours("localhost:8090")
    assert open_.is_ours("[::1]:8090")
    assert not open_.is_ours("rebound.example:8090")
    assert open_.admits("", "", 0.0)
    assert not open_.sign_in("", "cookie", 0.0), "an empty token is none"
    assert Access(TOKEN).is_ours("console.example")


def test_a_browser_is_let_in_by_the_token_and_for_a_while() -> None:
    access = Access(TOKEN)
    assert not access.admits("", "", 0.0)
    assert not access.sign_in("wrong", "c1", 0.0)
    assert not access.admits("c1", "", 1.0)
    assert access.sign_in(TOKEN, "c1", 0.0)
    assert access.admits("c1", "", ACCESS_S - 1.0)
    assert not access.admits("c1", "", ACCESS_S + 1.0)
    assert access.admits("", TOKEN, 0.0)
    assert not access.admits("", TOKEN[:-1], 0.0)
    access.sign_in(TOKEN, "c2", 0.0)
    access.sign_out("c2")
    assert not access.admits("c2", "", 1.0)


def test_another_pages_request_is_told_from_ones_own() -> None:
    assert same_origin("localhost:8090", None, None), "a program"
    assert same_origin("localhost:8090", "http://localhost:8090", "same-origin")
    assert not same_origin("localhost:8090", "http://localhost:3000", "same-site")
    assert not same_origin("localhost:8090", "http://localhost:3000", None)
    assert not same_origin("localhost:8090", "null", None)
    assert not same_origin("localhost:8090", None, "cross-site")


def test_the_oldest_of_very_many_browsers_has_to_sign_in_again() -> None:
    access = Access(TOKEN)
    for number in range(MOST_BROWSERS + 1):
        assert access.sign_in(TOKEN, f"cookie {number}", 0.0)
    assert not access.admits("cookie 0", "", 1.0)
    assert access.admits("cookie 1", "", 1.0)
