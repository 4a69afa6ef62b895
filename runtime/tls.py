"""TLS towards clients, with the certificate of AURA_TLS_CERT."""

import ssl

from runtime.settings import Settings, SettingsError


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
