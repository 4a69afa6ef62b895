"""Access to the console: from this machine, or with the operator's token. Pure."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from urllib.parse import urlsplit

from runtime.settings import Settings, SettingsError
from runtime.settings.callers import LEAST_TOKEN_CHARS

ACCESS_S = 12 * 3600
"""The time for which a browser keeps access after it gave the token."""
MOST_BROWSERS = 200


def is_here(host: str) -> bool:
    """Tell whether *host*, a name or an address, reaches this machine only."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


class Access:
    """Remembers the browsers that gave the token."""

    def __init__(self, token: str) -> None:
        """Require *token*; without one, only this machine has access, by its own names."""
        self._token = token
        self._until_s: OrderedDict[str, float] = OrderedDict()

    @staticmethod
    def of(settings: Settings) -> Access:
        """Return the access that *settings* define.

        Raises:
            SettingsError: the console would be reachable from outside without a token, or with a
            short token.
        """
        token = settings.operator_token.get_secret_value()
        if not token and not is_here(settings.console_host):
            raise SettingsError(
                f"AURA_CONSOLE_HOST {settings.console_host} can be reached by others: set "
                "AURA_OPERATOR_TOKEN (openssl rand -base64 32); the console then asks for it"
            )
        if token and len(token) < LEAST_TOKEN_CHARS:
            raise SettingsError(
                f"AURA_OPERATOR_TOKEN is shorter than {LEAST_TOKEN_CHARS} characters"
            )
        return Access(token)

    @property
    def asks(self) -> bool:
        return bool(self._token)

    def is_ours(self, host: str) -> bool:
        """Tell whether the header *host* of a request names this console.

        Without a token only this machine's own names are allowed. Otherwise a foreign page whose
        name resolves to this machine would have access.
        """
        return self.asks or is_here(urlsplit(f"//{host}").hostname or "")

    def sign_in(self, token: str, cookie: str, now_s: float) -> bool:
        """Check the *token*; if it is right, the browser has access by the new *cookie*."""
        if not self._is_token(token):
            return False
        self._until_s[cookie] = now_s + ACCESS_S
        if len(self._until_s) > MOST_BROWSERS:
            self._until_s.popitem(last=False)
        return True

    def sign_out(self, cookie: str) -> None:
        self._until_s.pop(cookie, None)

    def admits(self, cookie: str, bearer: str, now_s: float) -> bool:
        """Tell whether a request with this *cookie* or token may see the console."""
        if not self.asks:
            return True
        return self._until_s.get(cookie, 0.0) > now_s or self._is_token(bearer)

    def _is_token(self, text: str) -> bool:
        return self.asks and hmac.compare_digest(_hash(text), _hash(self._token))


def same_origin(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Tell whether a page of this console sent the request, by the browser's headers.

    Programs other than browsers send neither header.
    """
    if fetch_site not in {None, "same-origin", "none"}:
        return False
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
