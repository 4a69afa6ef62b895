"""Servers with OpenAI's API: their address, client libraries, and the translation of errors.

Cerebras' library and OpenAI's come from one generator and differ in names only.
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from workers.engines.errors import (
    EngineError,
    EngineMissingError,
    EngineRefusedError,
    ServerUnavailableError,
)

NO_KEY: Final = "none"
"""The key for servers that need none. A library without a key would take its maker's one from the
environment, and send it to another server."""
CONNECT_S: Final = 2.0
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_RETRYABLE: Final = frozenset({408, 409, 425, 429})


def read_json(data: str | bytes) -> Any:
    """Return the JSON in *data*, without halves of characters, which some servers cut emoji into.

    Raises:
        ValueError: it is none.
    """
    text = data if isinstance(data, str) else data.decode()
    parsed = json.loads(text)
    if _SURROGATE.search(text):
        parsed = json.loads(json.dumps(parsed, ensure_ascii=False).encode(errors="ignore"))
    return parsed


@dataclass(frozen=True)
class ServerSettings:
    """The name of a server, and the settings that its errors name."""

    what: str
    url: str
    key: str
    model: str
    otherwise: str = ""
    """Advice if there is no key."""


@dataclass(frozen=True)
class Library:
    """A client library, and its errors."""

    module: Any
    http: Any
    """The HTTP library below it, whose errors pass through while a response is streamed."""
    root: type[Exception]


def openai_library() -> Library:
    """Return OpenAI's library.

    Raises:
        EngineMissingError: it is not installed.
    """
    try:
        import httpx2
        import openai
    except ImportError as error:
        raise EngineMissingError("openai", "llm") from error
    return Library(openai, httpx2, openai.OpenAIError)


def cerebras_library() -> Library:
    """Return Cerebras' library.

    Raises:
        EngineMissingError: it is not installed.
    """
    try:
        import httpx
        from cerebras.cloud import sdk
    except ImportError as error:
        raise EngineMissingError("cerebras-cloud-sdk", "llm") from error
    return Library(sdk, httpx, sdk.CerebrasError)


def address(base_url: str) -> str:
    """Return *base_url*; if it has no path, add OpenAI's, /v1."""
    base_url = base_url.rstrip("/")
    return base_url if urlsplit(base_url).path else f"{base_url}/v1"


@contextmanager
def translating_errors(library: Library, named: ServerSettings, model: str) -> Iterator[None]:
    """Translate errors of *library* about a request to *model*.

    The server's message is dropped, since it may quote a caller's words or the key. Raises:
    ServerUnavailableError: a retry may succeed.
    EngineRefusedError: a retry would fail in the same way.
    """
    sdk = library.module
    try:
        yield
    except EngineError:
        raise
    except (sdk.APITimeoutError, library.http.TimeoutException) as error:
        raise ServerUnavailableError(f"{named.what} did not answer in time") from error
    except sdk.APIStatusError as error:
        raise for_status(error.status_code, named, model) from error
    except (sdk.APIConnectionError, library.http.ConnectError) as error:
        raise ServerUnavailableError(
            f"{named.what} cannot be reached; is {named.url} right?"
        ) from error
    except (library.http.HTTPError, library.root, ValueError) as error:
        raise ServerUnavailableError(f"{named.what} broke off its answer") from error


def for_status(status: int, named: ServerSettings, model: str) -> EngineError:
    """Return the error of an answer with *status*, 400 or more."""
    if status == 429:
        return ServerUnavailableError(f"{named.what} is busy (429); try again later")
    if status in _RETRYABLE or status >= 500:
        return ServerUnavailableError(f"{named.what} answered {status}; try again later")
    if status in (401, 403):
        otherwise = f", or set {named.otherwise}" if named.otherwise else ""
        return EngineRefusedError(
            f"{named.what} refused the key ({status}): check {named.key}{otherwise}"
        )
    return EngineRefusedError(
        f"{named.what} refused the request ({status}): check {named.model}={model} and {named.url}"
    )


class BlockingClient:
    """OpenAI's library for blocking engines: one client for all threads, made at its first use."""

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        limit_s: float = 4.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use *base_url* as it is given; *limit_s* is the longest silence of the server."""
        self.limit_s = limit_s
        self.now_s = now_s
        """The clock of that limit."""
        self._base_url = address(base_url)
        self._api_key = api_key or NO_KEY
        self._making = threading.Lock()
        self._made: tuple[Any, Library] | None = None

    def get(self) -> tuple[Any, Library]:
        """Return the client and its library.

        Raises:
            EngineMissingError: it is not installed.
        """
        with self._making:
            if self._made is None:
                library = openai_library()
                client = library.module.OpenAI(
                    api_key=self._api_key,
                    base_url=self._base_url,
                    timeout=library.http.Timeout(self.limit_s, connect=CONNECT_S),
                    max_retries=0,  # a job is redelivered instead
                )
                self._made = client, library
            return self._made


def require_setting(setting: str, value: str, such_as: str) -> None:
    """Refuse an engine of this API without the setting *setting*.

    Raises:
        EngineRefusedError: *value* is empty; the message gives *such_as* as an example.
    """
    if not value:
        engine = f"AURA_{setting.split('_')[1]}_ENGINE=openai"
        raise EngineRefusedError(f"{engine} needs {setting}, such as {such_as}")
