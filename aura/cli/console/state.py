"""The shared state of the console's handlers."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from aura.cli.console.access import Access
from aura.cli.console.answers import Refused
from aura.cli.console.readable import Readable
from aura.cli.console.sound import SessionRecording
from aura.cli.console.watcher import Watcher
from edge.door.limits.rate_limits import AddressRate
from runtime.settings import Settings
from schemas.subjects import is_token

BAD_TOKENS_PER_MINUTE = 10
MOST_SOUNDS = 2


@dataclass(frozen=True)
class Console:
    """The state of one console."""

    settings: Settings
    access: Access
    readable: Readable
    watcher: Watcher
    bad_tokens: AddressRate = field(default_factory=lambda: AddressRate(BAD_TOKENS_PER_MINUTE))
    working: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Limits heavy work, which takes a core for seconds, to one at a time."""

    sounds: dict[str, SessionRecording] = field(default_factory=dict)
    """Sound of the calls that were opened last, by id."""

    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    """The WebSockets of open pages."""

    def words_wanted(self) -> None:
        """Check that words may be read.

        Raises:
            Refused: they are hidden.
        """
        if not self.readable.words:
            why = "Words and sound are hidden here: AURA_CONSOLE_WORDS is off."
            raise Refused(403, "HIDDEN", why)

    def sound_wanted(self) -> None:
        """Check that sound may be heard.

        Raises:
            Refused: it is hidden.
        """
        self.words_wanted()
        if not self.readable.sound:
            raise Refused(403, "HIDDEN", "Sound is hidden here: AURA_REDACT masks words.")


CONSOLE = web.AppKey("console", Console)


def session_of(request: web.Request) -> str:
    """Return the id of the call in the path of *request*.

    Raises:
        Refused: the path has no valid id.
    """
    session = request.match_info["id"]
    if not is_token(session):
        raise Refused(404, "UNKNOWN_CALL", "That is no id of a call.")
    return session
