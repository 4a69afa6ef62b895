"""TLS towards clients, with the certificate of AURA_TLS_CERT; requests without TLS."""

import ssl
from urllib.parse import urlsplit

from runtime.settings import Settings, SettingsError

LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
"""The names and addresses of this machine that only itself reaches."""


def goes_in_clear(url: str) -> bool:
    """Return whether others on the network can read what is sent to *url*."""
    return urlsplit(url).scheme != "https" and urlsplit(url).hostname not in LOOPBACK


def served_tls(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context for clients, or None if no certificate is set.

    Raises:
        SettingsError: a file that a setting names cannot be used.
    """
    if not settings.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"AURA_TLS_CERT or AURA_TLS_KEY cannot be used: {error}") from error
    return context
