"""Where the NATS servers are, who logs in there, and what is said when they are out of reach."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from nats.errors import AuthorizationError, NoServersError

from runtime.bus import server_address
from runtime.bus.server_address import (
    NoTlsError,
    credentials,
    unreachable,
    url_of,
    without_password,
)
from runtime.process import running
from runtime.settings import Settings, SettingsError, load

EMBEDDED = "nats://127.0.0.1:5555"


def settings_of(**given: Any) -> Settings:
    return load(_env_file=None, **given)


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """The data folder of an `aura up` that runs."""
    (tmp_path / "nats.url").write_text(f"{EMBEDDED}\n")
    passwords = {"edge": "abc", "operator": "def"}
    (tmp_path / server_address.PASSWORDS_FILE).write_text(json.dumps(passwords))
    return tmp_path


def test_a_url_that_is_set_goes_before_the_embedded_server_and_that_before_the_default(
    embedded: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = settings_of(data_dir=embedded, nats_url="nats://bus:4222")
    assert url_of(elsewhere) == "nats://bus:4222"
    assert url_of(settings_of(data_dir=embedded, nats_url="")) == EMBEDDED
    empty = tmp_path_factory.mktemp("empty")
    assert url_of(settings_of(data_dir=empty, nats_url="")) == server_address.DEFAULT_URL


def test_a_role_is_a_user_of_the_embedded_server_alone(embedded: Path) -> None:
    settings = settings_of(data_dir=embedded, nats_url="", nats_user="")
    assert credentials(settings, EMBEDDED, "edge") == ("edge", "abc")
    assert credentials(settings, EMBEDDED, "stranger") == (None, None)
    assert credentials(settings, "nats://bus:4222", "edge") == (None, None)


def test_a_user_that_is_set_is_used_everywhere(embedded: Path) -> None:
    settings = settings_of(data_dir=embedded, nats_user="ann", nats_password="secret")
    for url in (EMBEDDED, "nats://bus:4222"):
        assert credentials(settings, url, "edge") == ("ann", "secret")


def test_a_message_names_the_setting_and_no_password(tmp_path: Path) -> None:
    settings = settings_of(nats_url="", cache_dir=tmp_path)
    url = without_password("nats://ann:secret@bus:4222,nats://ann:secret@other:4222")
    assert "secret" not in url
    assert "AURA_NATS_USER" in str(unreachable(AuthorizationError(), settings, url, "ann"))
    assert "AURA_NATS_CA" in str(unreachable(NoTlsError(), settings, url, None))
    assert "NATS_URL" in str(unreachable(NoServersError(), settings, url, None))


def test_a_message_names_the_aura_that_runs_elsewhere(tmp_path: Path) -> None:
    settings = settings_of(nats_url="", cache_dir=tmp_path / "cache", data_dir=tmp_path / "mine")
    other = tmp_path / "other"
    other.mkdir()

    def told() -> str:
        return str(unreachable(NoServersError(), settings, server_address.DEFAULT_URL, None))

    assert told().endswith("set AURA_DATA_DIR to its .aura.")
    with running.noted(settings, other):
        assert told().endswith(f"set AURA_DATA_DIR={other}.")
        with running.noted(settings_of(cache_dir=tmp_path / "mine"), other):
            elsewhere = settings_of(nats_url="nats://bus:4222", cache_dir=tmp_path / "cache")
            message = str(unreachable(NoServersError(), elsewhere, "nats://bus:4222", None))
            assert "AURA_DATA_DIR" not in message
    gone = tmp_path / "cache" / "running" / "4194304000"  # no process has this number
    gone.write_text(str(other))
    assert told().endswith("set AURA_DATA_DIR to its .aura.")
    assert not gone.exists()


def test_a_certificate_that_is_not_there_is_the_operators_error(tmp_path: Path) -> None:
    settings = settings_of(nats_ca=str(tmp_path / "gone.pem"))
    with pytest.raises(SettingsError, match="AURA_NATS_CA"):
        server_address.tls_of(settings, "nats://bus:4222")


@pytest.mark.parametrize(
    "url", ["tls://bus:4222", " TLS://bus:4222", "nats://bus:4222, tls://other:4222"]
)
def test_tls_is_wanted_of_all_servers_if_it_is_wanted_of_one(url: str) -> None:
    assert server_address.tls_of(settings_of(), url)
    assert not server_address.tls_of(settings_of(), "nats://bus:4222")


def test_the_message_about_a_certificate_says_what_is_wrong_with_it() -> None:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.verify_message = "certificate has expired"
    told = str(unreachable(error, settings_of(), "tls://bus:4222", None))
    assert "(certificate has expired)" in told
    assert "AURA_NATS_CA" in told
