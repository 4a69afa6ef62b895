"""The NATS servers' URL, user and TLS, and the message for an operator if they are unreachable."""

import ssl
from pathlib import Path

import msgspec
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError

from runtime.bus.errors import BusAwayError
from runtime.process import running
from runtime.settings import Settings, SettingsError

DEFAULT_URL = "nats://127.0.0.1:4222"
PASSWORDS_FILE = "nats.passwords.json"  # a file's name
"""The file in data_dir that maps each role to its password on the embedded server."""


def url_of(settings: Settings) -> str:
    """Return the URLs, comma-separated: as set, of the embedded server, or the default."""
    return settings.nats_url or embedded_url(settings) or DEFAULT_URL


class NoTlsError(NatsError):
    """The server does not speak TLS, though a setting demands it."""


def tls_of(settings: Settings, url: str) -> ssl.SSLContext | None:
    """Return the TLS context for the servers at *url*, or None if no TLS is wanted.

    TLS is wanted of all servers if it is wanted of one.

    Raises:
        SettingsError: a file that a setting names cannot be used.
    """
    over_tls = any(server.strip().lower().startswith("tls://") for server in url.split(","))
    if not settings.nats_ca and not over_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.nats_ca or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"AURA_NATS_CA {settings.nats_ca} cannot be used: {error}") from error
    if not settings.nats_cert:
        return context
    try:
        context.load_cert_chain(settings.nats_cert, settings.nats_key or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"AURA_NATS_CERT or AURA_NATS_KEY cannot be used: {error}") from error
    return context


def unreachable(error: Exception, settings: Settings, url: str, user: str | None) -> BusAwayError:
    if isinstance(error, AuthorizationError):
        return BusAwayError(
            f"the NATS server at {url} refuses "
            f"{f'user {user}' if user else 'a client without a user'}: set AURA_NATS_USER and "
            f"AURA_NATS_PASSWORD. Those of `aura up` are in AURA_DATA_DIR/{PASSWORDS_FILE}."
        )
    if isinstance(error, NoTlsError):
        return BusAwayError(
            f"the NATS server at {url} does not speak TLS, which AURA_NATS_CA or NATS_URL demands"
        )
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "verify_message", "") or error.reason or "certificate"
        return BusAwayError(
            f"the NATS server at {url} is not trusted ({why.rstrip('.')}): AURA_NATS_CA names who "
            "signs its certificate, which must be for the name in NATS_URL"
        )
    where = "" if settings.nats_url else f" {running.advice(settings)}"
    return BusAwayError(
        f"no NATS server answers at {url}. Start one, set NATS_URL to one, "
        f"or let `aura up` run its own.{where}"
    )


def embedded_url(settings: Settings) -> str:
    """Return the URL of the server that `aura up` runs under data_dir, or "" if none runs."""
    try:
        return (Path(settings.data_dir) / "nats.url").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def credentials(settings: Settings, url: str, role: str) -> tuple[str | None, str | None]:
    """Return user and password from the settings, or those of *role* on the embedded server."""
    if settings.nats_user:
        return settings.nats_user, settings.nats_password.get_secret_value()
    if url == embedded_url(settings):
        try:
            found = (Path(settings.data_dir) / PASSWORDS_FILE).read_text(encoding="utf-8")
            return role, str(msgspec.json.decode(found)[role])
        except (OSError, msgspec.DecodeError, KeyError):
            pass  # no users, or an unreadable folder, which the server will report
    return None, None


def without_password(url: str) -> str:
    return ",".join(server.rpartition("@")[2] for server in url.split(","))
