"""The embedded server: its passwords, its configuration, and the room for its streams."""

from __future__ import annotations

import json
import re
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from deploy import nats_server
from deploy.nats_server import (
    LEAST_FREE_BYTES,
    MOST_STORE_BYTES,
    ROLES,
    ServerMissingError,
    command,
    environment,
    file_bytes,
    free_port,
    listens,
    passwords,
    url,
)
from runtime.bus.server_address import PASSWORDS_FILE


def test_passwords_are_made_once_for_every_role_and_only_their_owner_reads_them(
    tmp_path: Path,
) -> None:
    first = passwords(tmp_path)
    assert list(first) == list(ROLES)
    assert len(set(first.values())) == len(ROLES)
    assert all(password.startswith("p") for password in first.values())
    assert passwords(tmp_path) == first
    mode = (tmp_path / PASSWORDS_FILE).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_new_role_gets_a_password_and_the_others_keep_theirs(tmp_path: Path) -> None:
    before = passwords(tmp_path)
    kept = {role: word for role, word in before.items() if role != "sip"}
    (tmp_path / PASSWORDS_FILE).write_text(json.dumps({**kept, "gone": "p1"}), encoding="utf-8")
    after = passwords(tmp_path)
    assert after.pop("sip") != before["sip"]
    assert after == kept


def test_a_file_of_passwords_that_was_cut_is_written_again(tmp_path: Path) -> None:
    (tmp_path / PASSWORDS_FILE).write_text('{"operator": "p')
    made = passwords(tmp_path)
    assert passwords(tmp_path) == made
    assert set(made) == set(ROLES)


def test_the_server_reads_passwords_from_its_environment(tmp_path: Path) -> None:
    variables = environment(tmp_path)
    assert variables == {
        f"AURA_NATS_PASSWORD_{role.upper()}": word for role, word in passwords(tmp_path).items()
    }


def test_the_streams_get_eight_gib_at_most_and_most_of_what_is_free(tmp_path: Path) -> None:
    assert LEAST_FREE_BYTES * 9 // 10 <= file_bytes(tmp_path) <= MOST_STORE_BYTES


def test_the_command_names_a_configuration_with_its_port_and_folder(tmp_path: Path) -> None:
    try:
        arguments = command(tmp_path, 4222)
    except ServerMissingError:
        pytest.skip("NOT TESTED HERE: nats-server is not installed")
    config = tmp_path.resolve() / "nats.conf"
    assert arguments[1:] == ["-c", str(config), "-l", str(tmp_path.resolve() / "nats.log")]
    text = config.read_text(encoding="utf-8")
    assert "127.0.0.1:4222" in text
    assert str(tmp_path.resolve() / "jetstream") in text
    assert str(MOST_STORE_BYTES) in text
    assert not re.search(r"<<\w+>>", text)
    assert (tmp_path / "users.conf").exists()


def prepare(folder: Path) -> None:
    """Prepare *folder* for a server, which need not be installed."""
    with suppress(ServerMissingError):
        command(folder, 4222)


def test_data_from_before_there_were_accounts_is_moved_once(tmp_path: Path) -> None:
    store = tmp_path / "jetstream" / "jetstream"
    before, now = store / "$G", store / nats_server.ACCOUNT
    (before / "streams").mkdir(parents=True)
    prepare(tmp_path)
    assert (now / "streams").exists()
    assert not before.exists()
    before.mkdir()
    prepare(tmp_path)
    assert before.exists(), "data of the account is never overwritten"


def test_a_free_port_is_one_where_nobody_listens() -> None:
    port = free_port()
    assert not listens(port)
    assert url(port) == f"nats://127.0.0.1:{port}"
