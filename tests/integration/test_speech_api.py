"""Recognition and speech without a call, by the stock `openai` client (in the group `dev`)."""

from __future__ import annotations

import asyncio
import io
import json
import urllib.error
import urllib.request
import wave
from typing import Any

import pytest

from runtime.bus.connection import connect
from runtime.settings import load
from schemas import events as ev
from schemas import subjects
from tests.aura_process import AuraProcess
from tests.caller import buzz, calling, silence, wav

openai = pytest.importorskip("openai", reason="the stock client: pip install openai")

HEARD = "Hello, how are you today?"
"""What the simulated recogniser hears in anything."""
SENTENCE_MS = 2000
"""Of the simulated voice."""


def client(aura: AuraProcess, key: str = "demo_token") -> Any:  # it may be missing
    return openai.OpenAI(base_url=f"{aura.url}/v1", api_key=key, max_retries=0)


def test_the_models_are_listed(simulated: AuraProcess) -> None:
    listed = [one.id for one in client(simulated).models.list()]
    assert listed == ["aura-speech", "aura-transcribe"]


def test_words_are_spoken_sentence_after_sentence(simulated: AuraProcess) -> None:
    speech = client(simulated).audio.speech
    spoken = speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="One. Two! Three?", response_format="pcm"
    )
    with spoken as answer:
        assert answer.headers["content-type"] == "audio/pcm"
        assert answer.headers["transfer-encoding"] == "chunked"
        pcm = b"".join(answer.iter_bytes())
    assert len(pcm) == pytest.approx(3 * SENTENCE_MS * 48, abs=480)


def test_speech_is_a_wav_unless_other_things_are_asked_for(simulated: AuraProcess) -> None:
    data = client(simulated).audio.speech.create(model="tts-1", voice="x", input="One.").read()
    assert (
        data[4:8] == data[40:44] == b"\xff\xff\xff\xff"
    )  # it was sent before its length was known
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert len(data) - 44 == pytest.approx(SENTENCE_MS * 48, abs=480)


def test_a_recording_is_understood(simulated: AuraProcess) -> None:
    audio = client(simulated).audio.transcriptions
    clip = ("voice.wav", wav(buzz(900) + silence(200)))
    assert audio.create(model="whisper-1", file=clip, language="en").text == HEARD
    text = audio.create(model="whisper-1", file=clip, response_format="text")
    assert str(text) == HEARD


def test_a_long_recording_is_heard_in_pieces(simulated: AuraProcess) -> None:
    clip = ("voice.wav", wav(buzz(58_000)))
    heard = client(simulated).audio.transcriptions.create(model="whisper-1", file=clip)
    assert heard.text.count(HEARD) >= 3  # the recogniser may cut them once more
    assert not heard.text.replace(HEARD, "").strip()


def test_whoever_has_no_good_key_is_nobody(simulated: AuraProcess) -> None:
    stranger = client(simulated, "wrong")
    with pytest.raises(openai.AuthenticationError) as refused:
        stranger.models.list()
    assert refused.value.code == "invalid_api_key"
    with pytest.raises(openai.AuthenticationError) as refused:
        stranger.audio.speech.create(model="x", voice="x", input="x")
    assert refused.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"response_format": "mp3"}, "response_format"),
        ({"speed": 2}, "speed"),
        ({"speed": []}, "speed"),
        ({"stream_format": "sse"}, "stream_format"),
        ({"input": 5}, "input"),
    ],
)
def test_what_cannot_be_spoken_is_told(
    simulated: AuraProcess, changes: dict[str, object], param: str
) -> None:
    asked = {"model": "tts-1", "voice": "alloy", "input": "Hi."}
    with pytest.raises(openai.BadRequestError) as refused:
        client(simulated).audio.speech.create(**asked, extra_body=changes)
    assert (refused.value.param, refused.value.type) == (param, "invalid_request_error")


@pytest.mark.parametrize(
    ("file", "more", "param"),
    [
        (b"RIFF", {}, "file"),
        (b"no sound at all", {}, "file"),
        (b"OggS" + b"\0" * 100, {}, "file"),
        (b"", {}, "file"),
        (wav(silence(100)), {"response_format": "srt"}, "response_format"),
        (wav(silence(100)), {"language": "../x"}, "language"),
        (wav(silence(601_000)), {}, "file"),
    ],
)
def test_what_cannot_be_heard_is_told(
    simulated: AuraProcess, file: bytes, more: dict[str, str], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client(simulated).audio.transcriptions.create(
            model="whisper-1", file=("a.wav", file), extra_body=more
        )
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("speech", "application/json", b"{"),
        ("speech", "application/json", b"[" * 60_000),
        ("speech", "application/json", b"x" * 70_000),
        ("transcriptions", "text/plain", b"hello"),
        ("transcriptions", "multipart/form-data", b"hello"),
        ("transcriptions", "multipart/form-data; boundary=b", b"hello"),
        ("transcriptions", "multipart/form-data; boundary=b", b"--b--\r\n"),
    ],
)
def test_a_broken_body_is_told(simulated: AuraProcess, path: str, kind: str, body: bytes) -> None:
    request = urllib.request.Request(  # noqa: S310  # ours
        f"{simulated.url}/v1/audio/{path}",
        data=body,
        headers={"Authorization": "Bearer demo_token", "Content-Type": kind},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310  # ours
    with refused.value:
        assert refused.value.code == 400
        assert json.load(refused.value)["error"]["type"] == "invalid_request_error"


async def test_a_request_is_a_session_of_its_own_in_the_log(simulated: AuraProcess) -> None:
    await asyncio.to_thread(
        client(simulated).audio.speech.create, model="x", voice="x", input="Good bye."
    )
    settings = load(nats_url=simulated.nats_url, _env_file=None)
    async with await connect(settings, "test") as bus:
        found = [one.event() for one in await bus.read(subjects.EVENTS_STREAM, "aura.ev.demo.>")]
    ended = [one for one in found if isinstance(one, ev.SessionEnded) and one.protocol == "speech"]
    session = [one for one in found if one.session == ended[-1].session]
    assert isinstance(session[0], ev.SessionStarted)
    assert session[0].user == ended[-1].user
    assert [one.text for one in session if isinstance(one, ev.ResponseSentence)] == ["Good bye."]


async def test_a_call_goes_on_beside_many_requests(simulated: AuraProcess) -> None:
    text = " ".join(f"Sentence {n}." for n in range(20))
    there = openai.AsyncOpenAI(base_url=f"{simulated.url}/v1", api_key="demo_token", max_retries=0)
    many = [
        asyncio.create_task(there.audio.speech.create(model="x", voice="x", input=text))
        for _ in range(10)
    ]
    async with calling(simulated.url, "/ws/voice/continuous?token=demo_token&greeting=0") as caller:
        await caller.speak(buzz(900) + silence(1200))
        await caller.until("ai_audio")
    answers: list[Any] = await asyncio.gather(*many, return_exceptions=True)
    await there.close()
    refused = [one for one in answers if isinstance(one, openai.RateLimitError)]
    assert len(refused) == 2, answers  # eight at most are under way
    assert all(len(one.read()) > 20 * SENTENCE_MS * 48 for one in answers if one not in refused)
