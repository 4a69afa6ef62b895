"""Who may see the console: this machine, or whoever has the operator's token. Pure."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from urllib.parse import urlsplit

from runtime.settings import Settings, SettingsError

KEPT_S = 12 * 3600
"""A browser is let in for so long after it gave the token."""
MOST_BROWSERS = 200
LEAST_CHARS = 32
"""Of a token; the edge asks for as many."""


def is_here(host: str) -> bool:
    """Tell whether *host*, a name or an address, means this machine alone."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


class Access:
    """Knows the browsers that gave the token."""

    def __init__(self, token: str) -> None:
        """Ask for *token*; empty: for none, of requests to this machine by its own name."""
        self._token = token
        self._until_s: OrderedDict[str, float] = OrderedDict()

    @staticmethod
    def of(settings: Settings) -> Access:
        """Return what *settings* ask for.

        Raises:
            SettingsError: the console would be open to others without a token, or with a short one.
        """
        token = settings.operator_token.get_secret_value()
        if not token and not is_here(settings.console_host):
            raise SettingsError(
                f"AURA_CONSOLE_HOST {settings.console_host} is reached by others: set "
                "AURA_OPERATOR_TOKEN (openssl rand -base64 32), which the console then asks for"
            )
        if token and len(token) < LEAST_CHARS:
            raise SettingsError(f"AURA_OPERATOR_TOKEN is shorter than {LEAST_CHARS} characters")
        return Access(token)

    @property
    def asks(self) -> bool:
        return bool(self._token)

    def is_ours(self, host: str) -> bool:
        """Tell whether a request to *host* (the header) was meant for this console.

        Without a token only this machine's own names are: a page elsewhere whose name leads here
        would be let in otherwise.
        """
        return self.asks or is_here(urlsplit(f"//{host}").hostname or "")

    def enter(self, token: str, cookie: str, now_s: float) -> bool:
        """Let in whoever has the token; the browser is known by the new *cookie* from now on."""
        if not self._is_token(token):
            return False
        self._until_s[cookie] = now_s + KEPT_S
        if len(self._until_s) > MOST_BROWSERS:
            self._until_s.popitem(last=False)
        return True

    def leave(self, cookie: str) -> None:
        self._until_s.pop(cookie, None)

    def admits(self, cookie: str, bearer: str, now_s: float) -> bool:
        """Tell whether a request with this *cookie* or token may see the console."""
        if not self.asks:
            return True
        return self._until_s.get(cookie, 0.0) > now_s or self._is_token(bearer)

    def _is_token(self, text: str) -> bool:
        return self.asks and hmac.compare_digest(_hash(text), _hash(self._token))


def same_origin(host: str, origin: str | None, fetch_site: str | None) -> bool:
    """Tell whether a page of this console sends the request, by what browsers tell of it.

    A program that is no browser sends neither header.
    """
    if fetch_site not in {None, "same-origin", "none"}:
        return False
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
