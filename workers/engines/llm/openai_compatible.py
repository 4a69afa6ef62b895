"""A hosted language model: Cerebras, or any server with OpenAI's chat API."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from workers.engines.errors import EngineError, EngineRefusedError
from workers.engines.llm.chat_request import body, refused_field
from workers.engines.llm.chat_stream import DONE, ChatStream, records
from workers.engines.openai_api import (
    CONNECT_S,
    NO_KEY,
    Library,
    ServerSettings,
    address,
    cerebras_library,
    openai_library,
    read_json,
    translating_errors,
)
from workers.engines.protocols import CallInfo, Prompt, Token

CEREBRAS_MODEL: Final = "llama-3.3-70b"
CEREBRAS: Final = ServerSettings(
    what="the language model",
    url="AURA_LLM_BASE_URL",
    key="CEREBRAS_API_KEY",
    model="AURA_LLM_MODEL",
    otherwise="AURA_LLM_ENGINE=local",
)
SERVER: Final = ServerSettings(
    what="the language model",
    url="AURA_LLM_BASE_URL",
    key="AURA_LLM_API_KEY (without it, CEREBRAS_API_KEY is sent)",
    model="AURA_LLM_MODEL",
    otherwise="AURA_LLM_ENGINE=local",
)
LONGEST_WAIT_S: Final = 1.0
"""The longest `Retry-After` for which the SDK retries by itself."""


class HostedModel:
    """Chat completions over HTTP, streamed."""

    in_process = False

    def __init__(  # noqa: PLR0913  # keyword arguments, independent of each other
        self,
        *,
        model: str = CEREBRAS_MODEL,
        api_key: str | None = None,
        base_url: str | None = None,
        extra_body: Mapping[str, Any] | None = None,
        tells_caller: bool = False,
        connect_s: float = CONNECT_S,
        read_s: float = 10.0,
        retries: int = 1,
    ) -> None:
        """Use *base_url* as it is given, or Cerebras without one.

        *extra_body* is added to each request. *tells_caller*: the server gets session and turn.
        *read_s* limits each wait for data, also for the first token; the SDK itself retries
        *retries* times, within about a second each, as long as nothing was streamed.
        """
        self.name = f"{'openai' if base_url else 'cerebras'}:{model}"
        self._model = model
        self._api_key = api_key or NO_KEY
        self._base_url = base_url and address(base_url)
        self._named = SERVER if base_url else CEREBRAS
        self._path = "/chat/completions" if base_url else "/v1/chat/completions"
        self._extra = dict(extra_body or {})
        self._tells_caller = tells_caller
        self._timeouts = (connect_s, read_s)
        self._retries = retries
        self._made: tuple[Any, Library] | None = None
        """The client, and its library."""
        self._unknown: dict[str, frozenset[str]] = {}
        """Fields that the server refused, by model."""
        self._marks: set[str] = set()
        """Models that mark the end of a stream, so that a stream without the mark was cut."""

    async def warm(self) -> None:
        """Open the connection by listing the models; every answer except a refused key is fine.

        Raises:
            EngineRefusedError: the key is not accepted.
            EngineUnavailableError: no server answers.
        """
        client, library = await self._client()
        try:
            with translating_errors(library, self._named, self._model):
                await client.models.list()
        except EngineRefusedError as error:
            if "AURA_LLM_MODEL" not in str(error):  # some servers cannot list their models
                raise

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the deltas as they arrive, then the Usage by the server (0 if it sent none).

        A chunk without text, such as reasoning, is an empty delta. A field that the server does not
        know is left out from then on.
        """
        model = request.model or self._model
        client, library = await self._client()
        after_tools = bool(request.exchange) and request.exchange[-1].role == "tool"
        chat_stream = ChatStream(model, has_tools=bool(request.tools), after_tools=after_tools)
        with translating_errors(library, self._named, model):
            async with await self._answer(client, library, request, model) as answer:
                # the server stops writing once the response is closed
                response = answer.response
                kind = response.headers.get("content-type", "")
                if "text/html" in kind:
                    raise EngineRefusedError(
                        f"{self._named.what} answered with a web page: check {self._named.url}"
                    )
                if "application/json" in kind:
                    yield chat_stream.feed(read_json(await response.aread())) or ""
                    chat_stream.feed(DONE)
                else:
                    async with aclosing(records(response.aiter_bytes())) as chunks:
                        async for chunk in chunks:
                            if (text := chat_stream.feed(chunk)) is not None:
                                yield text
            try:
                chat_stream.end(marks=model in self._marks)
            except EngineError:
                yield chat_stream.usage  # tokens without an answer are paid for, too
                raise
        if chat_stream.is_marked:
            self._marks.add(model)
        for call in chat_stream.calls:
            yield call
        yield chat_stream.usage

    async def _answer(self, client: Any, library: Library, request: Prompt, model: str) -> Any:
        """Return the server's streamed answer; ask again without fields that it refuses."""
        left_out = set(self._unknown.get(model, ()))
        sdk, caller = library.module, request.caller if self._tells_caller else None
        while True:
            sent_body = body(request, model, left_out, caller=caller) | self._extra
            try:
                # Parsed here, because the SDK fails at named and empty events.
                answer = await client.post(
                    self._path,
                    cast_to=object,
                    body=sent_body,
                    options={"headers": _headers(caller)},
                    stream=True,
                    stream_cls=sdk.AsyncStream[object],
                )
                break
            except (sdk.BadRequestError, sdk.UnprocessableEntityError) as error:
                unknown = refused_field(error.body, sent_body)
                if not unknown or unknown in left_out:
                    raise
                left_out.add(unknown)
        self._unknown[model] = frozenset(left_out)
        return answer

    async def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made[0].close()

    async def _client(self) -> tuple[Any, Library]:
        if self._made is None:
            # The import and the client take 0.5 s, so they are made in a thread.
            made = await asyncio.to_thread(self._make)
            self._made = self._made or made
        return self._made

    def _make(self) -> tuple[Any, Library]:
        library = openai_library() if self._base_url else cerebras_library()
        sdk = library.module
        connect_s, read_s = self._timeouts
        hooks = {"response": [_not_too_patient]}
        options: dict[str, Any] = {
            "api_key": self._api_key,
            "timeout": library.http.Timeout(read_s, connect=connect_s),
            "max_retries": self._retries,
            "http_client": sdk.DefaultAsyncHttpxClient(event_hooks=hooks),
        }
        if self._base_url:
            return sdk.AsyncOpenAI(base_url=self._base_url, **options), library
        # the constructor would connect, and block, with warming
        return sdk.AsyncCerebras(warm_tcp_connection=False, **options), library


def _headers(caller: CallInfo | None) -> dict[str, str]:
    return {"traceparent": caller.traceparent} if caller and caller.traceparent else {}


async def _not_too_patient(response: Any) -> None:
    """Stop the SDK's retry if the server asks for too long a delay."""
    headers = response.headers
    wait = headers.get("retry-after-ms") or headers.get("retry-after") or "0"
    try:
        wait_s = float(wait) / (1000 if "retry-after-ms" in headers else 1)
    except ValueError:
        wait_s = LONGEST_WAIT_S * 2  # the header holds a date
    if wait_s > LONGEST_WAIT_S:
        headers["x-should-retry"] = "false"
