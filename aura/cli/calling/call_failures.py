"""The failures of a call, each as a line with the cause and the next step. Pure."""

from typing import Final

from aura.client import LOST, CallError

_ENDED: Final = {
    1000: "the server ended the call: the session may be open elsewhere",
    LOST: "the connection was lost (an edge may have died): call again, or run `aura doctor`",
    1008: "the token or the agent was refused: give a --token (or AURA_DEMO_TOKEN) that the edge "
    "accepts, and an --agent from `aura agents list`",
    1011: "the edge failed: its log says why; call again",
    1012: "the edge is restarting: call again",
    1013: "the edge cannot take the call now: call again in a while",
}
_STAGE_DOWN: Final = "a stage is down: `aura workers` and `aura doctor` say which"


def ended(code: int | None, last_error: str = "") -> str:
    """Return the reason for a close with *code*; *last_error* came before it."""
    known = _STAGE_DOWN if code is not None and 4000 < code < 5000 else _ENDED.get(code or LOST)
    reason = known or "the server ended the call: run `aura doctor` to see why"
    return f"{reason} (code {code or LOST}{f', {last_error}' if last_error else ''})"


def refused(url: str, status: int, retry_after_s: str | None) -> str:
    """Return the reason why *url* refused the call with HTTP *status*."""
    match status:
        case 429 | 503:
            return f"{url} is busy (HTTP {status}): call again in {retry_after_s or 'a few'} s"
        case 403:
            return f"{url} refused the call (HTTP 403): check its AURA_ALLOWED_ORIGINS, or a proxy"
        case _:
            return f"{url} is no edge of Aura (HTTP {status}): name one with --url"


def failure(error: CallError, url: str, last_error: str = "") -> str:
    """Return the reason for *error* in a call to *url*; *last_error* is its last message."""
    match error.why:
        case "REFUSED":
            return refused(url, error.code, error.retry_after_s or None)
        case "TOKEN":
            return error.reason
        case "TLS":
            return f"{url}: {error.reason}: set SSL_CERT_FILE to the certificates to trust"
        case "UNREACHABLE":
            return f"no edge answers at {url}: start one with `aura up`, or name one with --url"
        case "CLOSED":
            return ended(error.code, last_error or error.reason)
