"""The libraries of OpenAI and of Cerebras, which take a second to load: errors and clients."""

from __future__ import annotations

import pytest

from workers.engines.errors import EngineError, EngineRefusedError, ServerUnavailableError
from workers.engines.openai_api import (
    NO_KEY,
    BlockingClient,
    Library,
    ServerSettings,
    cerebras_library,
    openai_library,
    translating_errors,
)

NAMED = ServerSettings(
    "the server", "AURA_LLM_BASE_URL", "AURA_LLM_API_KEY", "AURA_LLM_MODEL", "AURA_LLM_ENGINE=local"
)
SECRET = "what a caller said"


def library(name: str) -> Library:
    pytest.importorskip({"openai": "openai", "cerebras": "cerebras.cloud.sdk"}[name])
    return openai_library() if name == "openai" else cerebras_library()


@pytest.mark.parametrize("name", ["openai", "cerebras"])
def test_errors_of_a_library_become_aura_s_own_and_quote_nobody(name: str) -> None:
    used = library(name)
    sdk, http = used.module, used.http
    asked = http.Request("POST", "http://localhost/v1")
    told = http.Response(401, request=asked, json={"error": SECRET})
    cases: list[tuple[Exception, type[EngineError], str]] = [
        (sdk.APITimeoutError(asked), ServerUnavailableError, "in time"),
        (http.ReadTimeout(SECRET), ServerUnavailableError, "in time"),
        (sdk.APIStatusError(SECRET, response=told, body=None), EngineRefusedError, "key"),
        (sdk.APIConnectionError(message=SECRET, request=asked), ServerUnavailableError, "reached"),
        (http.ConnectError(SECRET), ServerUnavailableError, "reached"),
        (http.RemoteProtocolError(SECRET), ServerUnavailableError, "broke off"),
        (used.root(SECRET), ServerUnavailableError, "broke off"),
        (ValueError(SECRET), ServerUnavailableError, "broke off"),
    ]
    for raised, kind, says in cases:
        with pytest.raises(EngineError) as caught, translating_errors(used, NAMED, "m"):
            raise raised
        assert type(caught.value) is kind, raised
        assert says in str(caught.value)
        assert SECRET not in str(caught.value)


def test_errors_that_are_aura_s_own_or_faults_of_the_code_stay() -> None:
    used = library("openai")
    for error in (EngineRefusedError("own"), KeyError("fault")):
        with pytest.raises(type(error)) as caught, translating_errors(used, NAMED, "m"):
            raise error
        assert caught.value is error


def test_a_client_is_made_once_and_never_has_another_maker_s_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "the key of openai.com")
    server = BlockingClient("http://localhost:1", limit_s=3)
    client, _ = server.get()
    assert client.api_key == NO_KEY
    assert str(client.base_url) == "http://localhost:1/v1/"
    assert (client.timeout.read, client.max_retries) == (3, 0)
    assert server.get()[0] is client
    client.close()
