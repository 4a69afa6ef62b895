"""The recogniser behind HTTP against a real server, which may misbehave."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web

from runtime.audio.conversion import read_wav
from tests.local_server import Answer, answering
from workers.engines.errors import EngineError, EngineRefusedError, EngineUnavailableError
from workers.engines.openai_api import BlockingClient
from workers.engines.stt.openai_rest import RestRecognizer, recognised

PCM = b"\x10\x00\xf0\xff" * 8000
"""One second."""
KEY = "sk-very-secret"
PATH = "POST /v1/audio/transcriptions"


@contextmanager
def recogniser(
    answer: Answer, *, suffix: str = "", limit_s: float = 20.0
) -> Iterator[RestRecognizer]:
    with answering({PATH: answer}) as url:
        yield RestRecognizer(BlockingClient(url + suffix, KEY, limit_s=limit_s), model="whisper-1")


async def form_of(request: web.Request) -> dict[str, Any]:
    form = await request.post()
    return {
        name: value.file.read() if isinstance(value, web.FileField) else value
        for name, value in form.items()
    }


def segment(text: str, *, logprob: float = -0.1, no_speech: float = 0.01) -> dict[str, Any]:
    return {"text": text, "avg_logprob": logprob, "no_speech_prob": no_speech, "tokens": [1, 2]}


@pytest.mark.parametrize("suffix", ["", "/v1", "/v1/"])
def test_the_server_gets_a_wav_and_its_words_and_figures_are_taken(suffix: str) -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((request.headers["Authorization"], await form_of(request)))
        return web.json_response({"text": " Hello there. ", "segments": [segment(" Hello there.")]})

    with recogniser(answer, suffix=suffix) as model:
        words = model.transcribe(PCM, language="de")
    [(authorization, form)] = seen
    assert (words.text, words.audio_ms) == ("Hello there.", 1000)
    assert words.confidence == pytest.approx(0.905, abs=0.001)
    assert authorization == f"Bearer {KEY}"
    assert read_wav(form["file"]) == PCM
    assert (form["model"], form["language"]) == ("whisper-1", "de")
    assert form["response_format"] == "verbose_json"


def test_a_base_url_with_a_path_is_not_changed() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"text": "Yes."})

    with answering({"POST /v1beta/openai/audio/transcriptions": answer}) as url:
        client = BlockingClient(f"{url}/v1beta/openai/", limit_s=20)
        assert RestRecognizer(client, model="m").transcribe(PCM, language="en").text == "Yes."


def test_a_language_to_be_found_is_not_named_and_plain_text_has_no_figures() -> None:
    forms = []

    async def answer(request: web.Request) -> web.StreamResponse:
        forms.append(form := await form_of(request))
        if form["response_format"] == "verbose_json":
            refusal = {"error": {"message": "response_format 'verbose_json' is not compatible"}}
            return web.json_response(refusal, status=400)
        return web.json_response({"text": "Two."})

    with recogniser(answer) as model:
        assert (model.transcribe(PCM, language="auto").text) == "Two."
        again = model.transcribe(PCM, language="auto")
    assert (again.text, again.confidence) == ("Two.", 1.0)
    assert "language" not in forms[0]
    assert [one["response_format"] for one in forms] == ["verbose_json", "json", "json"]


def test_words_that_whisper_writes_for_silence_are_left_out() -> None:
    silence = segment(" Thank you.", logprob=-1.2, no_speech=0.9)
    assert recognised({"text": "Thank you.", "segments": [silence]}) == ("", 0.0)
    said = {"text": "Book it. Thank you.", "segments": [segment(" Book it."), silence]}
    assert recognised(said)[0] == "Book it."


@pytest.mark.parametrize("segments", [None, [], [{}], "no", [{"avg_logprob": "x", "text": "a"}]])
def test_invalid_figures_are_ignored(segments: object) -> None:
    assert recognised({"text": "Hello.", "segments": segments}) == ("Hello.", 1.0)


def test_audio_too_short_for_a_word_is_not_sent() -> None:
    model = RestRecognizer(BlockingClient("http://127.0.0.1:1"), model="m")
    assert model.transcribe(b"", language="en").text == ""
    assert model.transcribe(PCM[:3000], language="en").audio_ms == 93


def test_half_a_sample_is_dropped() -> None:
    sizes = []

    async def answer(request: web.Request) -> web.StreamResponse:
        sizes.append(len(read_wav((await form_of(request))["file"])))
        return web.json_response({"text": ""})

    with recogniser(answer) as model:
        assert model.transcribe(PCM + b"\x01", language="en").confidence == 0.0
    assert sizes == [len(PCM)]


@pytest.mark.parametrize(
    ("status", "kind", "named"),
    [
        (400, EngineRefusedError, "AURA_STT_MODEL"),
        (401, EngineRefusedError, "AURA_STT_API_KEY"),
        (404, EngineRefusedError, "AURA_STT_BASE_URL"),
        (429, EngineUnavailableError, r"busy \(429\)"),
        (500, EngineUnavailableError, "500"),
    ],
)
def test_each_status_is_retried_or_refused_and_tells_no_secret(
    status: int, kind: type[EngineError], named: str
) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": f"whispered {KEY}"}}, status=status)

    with recogniser(answer) as model, pytest.raises(kind, match=named) as caught:
        model.transcribe(PCM, language="en")
    assert KEY not in str(caught.value)
    assert "whispered" not in str(caught.value)


async def _page(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>", content_type="text/html")


async def _other_json(_request: web.Request) -> web.StreamResponse:
    return web.json_response(["text"])


@pytest.mark.parametrize(("answer", "named"), [(_page, "text/html"), (_other_json, "a text")])
def test_an_invalid_answer_names_the_address(answer: Answer, named: str) -> None:
    with recogniser(answer) as model, pytest.raises(EngineRefusedError, match=named) as caught:
        model.transcribe(PCM, language="en")
    assert "AURA_STT_BASE_URL" in str(caught.value)


async def _silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" " * 65536)


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"text": "He')
    assert request.transport is not None
    request.transport.close()
    return response


async def _no_json(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(text='{"text": "He', content_type="application/json")


def test_a_server_that_drips_is_given_up_within_its_limit() -> None:
    now_s = itertools.count(step=0.1).__next__  # each piece of the answer takes 0.1 s
    with answering({PATH: _dripping}) as url:
        client = BlockingClient(url, KEY, limit_s=2.0, now_s=now_s)
        with pytest.raises(EngineUnavailableError, match="did not come to an end"):
            RestRecognizer(client, model="whisper-1").transcribe(PCM, language="en")
    assert now_s() < 3.0


@pytest.mark.parametrize("answer", [_silent, _endless, _cut, _no_json])
def test_a_server_that_misbehaves_is_given_up_within_its_limit(answer: Answer) -> None:
    with recogniser(answer, limit_s=0.3) as model, pytest.raises(EngineUnavailableError):
        model.transcribe(PCM, language="en")


def test_an_unreachable_server_names_the_address() -> None:
    model = RestRecognizer(BlockingClient("http://127.0.0.1:1"), model="m")
    with pytest.raises(EngineUnavailableError, match="AURA_STT_BASE_URL"):
        model.transcribe(PCM, language="en")
    with pytest.raises(EngineUnavailableError, match="AURA_STT_BASE_URL"):
        model.warm()


def test_warming_minds_a_refused_key_and_no_missing_list_of_models() -> None:
    with answering({}) as url:
        RestRecognizer(BlockingClient(url), model="m").warm()

    async def refused(_request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=401)

    with (
        answering({"GET /v1/models": refused}) as url,
        pytest.raises(EngineRefusedError, match="AURA_STT_API_KEY"),
    ):
        RestRecognizer(BlockingClient(url), model="m").warm()


def test_threads_share_the_client() -> None:
    together = threading.Barrier(4)

    async def answer(request: web.Request) -> web.StreamResponse:
        form = await form_of(request)
        await asyncio.to_thread(together.wait, 40)  # all four are here at once
        return web.json_response({"text": str(len(form["file"]))})

    with recogniser(answer, limit_s=60) as model, ThreadPoolExecutor(4) as pool:
        sizes = [len(PCM) - 640 * n for n in range(4)]
        said = pool.map(lambda size: model.transcribe(PCM[:size], language="en").text, sizes)
        assert list(said) == [str(size + 44) for size in sizes]
