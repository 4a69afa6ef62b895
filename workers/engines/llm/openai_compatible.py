"""A hosted language model: Cerebras, or by its base URL any server with OpenAI's chat API."""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Final

from workers.engines.llm.chat_request import body, refused_field
from workers.engines.llm.chat_stream import ChatStream, records
from workers.engines.protocols import (
    EngineError,
    EngineMissingError,
    EngineRefusedError,
    EngineUnavailableError,
    Prompt,
    Token,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from cerebras.cloud.sdk import AsyncCerebras

CEREBRAS_MODEL: Final = "llama-3.3-70b"
NO_KEY: Final = "none"
"""The key for servers that need none. Without one the SDK takes CEREBRAS_API_KEY from the
environment and sends it to a stranger's server."""

_RETRYABLE: Final = frozenset({408, 409, 425, 429})
LONGEST_WAIT_S: Final = 1.0
"""The SDK tries again itself where the server wants it (`Retry-After`) no later."""


class HostedModel:
    """Chat completions over HTTP, streamed."""

    in_process = False

    def __init__(
        self,
        *,
        model: str = CEREBRAS_MODEL,
        api_key: str | None = None,
        base_url: str | None = None,
        connect_s: float = 2.0,
        read_s: float = 10.0,
        retries: int = 1,
    ) -> None:
        """Talk to *base_url* (with or without `/v1`), or to Cerebras without one.

        *read_s* limits each wait for data, that for the first token included; the SDK itself
        tries *retries* more times, within about a second each, as long as nothing was streamed.
        """
        self.name = f"{'openai' if base_url else 'cerebras'}:{model}"
        self._model = model
        self._api_key = api_key or NO_KEY
        self._base_url = base_url and base_url.rstrip("/").removesuffix("/v1")  # the SDK adds it
        self._timeouts = (connect_s, read_s)
        self._retries = retries
        self._made: AsyncCerebras | None = None
        self._unknown: dict[str, frozenset[str]] = {}
        """Fields that the server refused, by model."""

    async def warm(self) -> None:
        """Open the connection by listing the models; any answer but a refused key is fine.

        Raises:
            EngineRefusedError: the key is not accepted.
            EngineUnavailableError: nobody answers.
        """
        client = await self._client()
        try:
            async with _translated(self._model):
                await client.models.list()
        except EngineRefusedError as error:
            if "AURA_LLM_MODEL" not in str(error):  # some servers have no list of models
                raise

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the deltas as they arrive, then the Usage the server counted (0 if it did not).

        A chunk without text, as one of a thought, is an empty delta: the server is not silent. A
        field that the server does not know is left out from then on.
        """
        model = request.model or self._model
        client = await self._client()
        from cerebras.cloud import sdk  # loaded by now

        left_out = set(self._unknown.get(model, ()))
        told = ChatStream(model, has_tools=bool(request.tools))
        async with _translated(model):
            while True:
                asked = body(request, model, left_out)
                try:
                    # Its bytes are read here: the SDK trips over named events and empty ones.
                    answer = await client.post(
                        "/v1/chat/completions",
                        cast_to=object,
                        body=asked,
                        stream=True,
                        stream_cls=sdk.AsyncStream[object],
                    )
                    break
                except (sdk.BadRequestError, sdk.UnprocessableEntityError) as error:
                    if not (unknown := refused_field(error.body, asked)):
                        raise
                    left_out.add(unknown)
            self._unknown[model] = frozenset(left_out)
            async with answer:  # closing the response is what stops the server
                response = answer.response
                if "application/json" in response.headers.get("content-type", ""):
                    yield told.take(json.loads(await response.aread())) or ""
                else:
                    async with aclosing(records(response.aiter_bytes())) as chunks:
                        async for chunk in chunks:
                            if (text := told.take(chunk)) is not None:
                                yield text
            told.end()
        for call in told.calls:
            yield call
        yield told.usage

    async def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made.close()

    async def _client(self) -> "AsyncCerebras":
        if self._made is None:
            # Importing and building it takes 0.5 s and reads certificates: not on the loop.
            made = await asyncio.to_thread(self._make)
            self._made = self._made or made
        return self._made

    def _make(self) -> "AsyncCerebras":
        try:
            import httpx
            from cerebras.cloud.sdk import AsyncCerebras, DefaultAsyncHttpxClient
        except ImportError as error:
            raise EngineMissingError("cerebras-cloud-sdk", "llm") from error
        connect_s, read_s = self._timeouts
        return AsyncCerebras(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=httpx.Timeout(read_s, connect=connect_s),
            max_retries=self._retries,
            http_client=DefaultAsyncHttpxClient(event_hooks={"response": [_not_too_patient]}),
            warm_tcp_connection=False,  # it would connect, blocking, inside the constructor
        )


async def _not_too_patient(response: "httpx.Response") -> None:
    """Keep the SDK from a retry that the server wants far too late for a call."""
    headers = response.headers
    wait = headers.get("retry-after-ms") or headers.get("retry-after") or "0"
    try:
        wait_s = float(wait) / (1000 if "retry-after-ms" in headers else 1)
    except ValueError:
        wait_s = LONGEST_WAIT_S * 2  # a date
    if wait_s > LONGEST_WAIT_S:
        headers["x-should-retry"] = "false"


@asynccontextmanager
async def _translated(model: str) -> "AsyncIterator[None]":
    """Turn the SDK's errors into ours.

    The server's own words are dropped, for they may quote the prompt or the key.
    """
    import httpx
    from cerebras.cloud import sdk

    try:
        yield
    except sdk.APITimeoutError as error:
        raise EngineUnavailableError("the language model did not answer in time") from error
    except sdk.APIConnectionError as error:
        raise EngineUnavailableError(
            "the language model cannot be reached; is AURA_LLM_BASE_URL right?"
        ) from error
    except sdk.APIStatusError as error:
        raise _for_status(error.status_code, model) from error
    except (httpx.HTTPError, sdk.CerebrasError, ValueError) as error:
        # While streaming, the SDK lets through what httpx and its JSON decoder raise.
        raise EngineUnavailableError("the language model's answer broke off") from error


def _for_status(status: int, model: str) -> EngineError:
    if status == 429:
        return EngineUnavailableError("the language model is busy (429); try again later")
    if status in _RETRYABLE or status >= 500:
        return EngineUnavailableError(f"the language model answered {status}; try again later")
    if status in (401, 403):
        return EngineRefusedError(
            f"the language model refused the key ({status}): check CEREBRAS_API_KEY (which is "
            "also the key of the server at AURA_LLM_BASE_URL), or set AURA_LLM_ENGINE=local"
        )
    return EngineRefusedError(
        f"the language model refused the request ({status}): "
        f"check AURA_LLM_MODEL={model} and AURA_LLM_BASE_URL"
    )
