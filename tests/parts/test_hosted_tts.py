"""The voice behind HTTP against a real server, which may misbehave."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from runtime.audio.conversion import write_wav
from runtime.audio.wav import Format
from tests.local_server import Answer, answering
from workers.engines.errors import EngineError, EngineRefusedError, EngineUnavailableError
from workers.engines.openai_api import BlockingClient
from workers.engines.tts.openai_rest import RestVoice, converted, patient

PATH = "POST /v1/audio/speech"
KEY = "sk-very-secret"
SECRET_WORDS = "The password is tuna."


def tone(rate_hz: int, ms: int = 500) -> bytes:
    at = np.arange(rate_hz * ms // 1000)
    return (np.sin(at * 2 * np.pi * 400 / rate_hz) * 12000).astype("<i2").tobytes()


def pitch_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16000 / len(samples))


@contextmanager
def voice(answer: Answer, *, limit_s: float = 20.0, **more: Any) -> Iterator[RestVoice]:
    with answering({PATH: answer}) as url:
        client = BlockingClient(url, KEY, limit_s=limit_s)
        yield RestVoice(client, model="kokoro", voice="af_heart", **more)


def sending(*pieces: bytes, kind: str = "audio/wav") -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    return answer


@pytest.mark.parametrize("rate_hz", [16000, 22050, 24000, 48000])
@pytest.mark.parametrize("form", ["wav", "pcm"])
def test_sound_of_any_rate_is_sound_of_ours(form: str, rate_hz: int) -> None:
    sound = tone(rate_hz)
    sent = write_wav(sound, rate_hz) if form == "wav" else sound
    cut = [sent[:7], sent[7:45], sent[45:10001], sent[10001:]]  # within the header and a sample
    with voice(sending(*cut), form=form, rate_hz=rate_hz) as speaker:
        pcm = b"".join(speaker.synthesize("Hello."))
    assert abs(len(pcm) // 32 - 500) <= 5
    assert abs(pitch_hz(pcm) - 400) < 5


def test_the_request_has_openais_form_and_the_extra_body() -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((request.headers["Authorization"], await request.json()))
        return await sending(write_wav(tone(24000), 24000))(request)

    with voice(answer, extra_body={"speed": 1.1}) as speaker:
        assert b"".join(speaker.synthesize("Hello there."))
    assert seen == [
        (
            f"Bearer {KEY}",
            {
                "input": "Hello there.",
                "model": "kokoro",
                "voice": "af_heart",
                "response_format": "wav",
                "speed": 1.1,
            },
        )
    ]


def test_the_first_sound_is_out_before_the_last_is_made() -> None:
    go_on = threading.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        await response.write(tone(24000))
        assert await asyncio.to_thread(go_on.wait, 10)
        await response.write(tone(24000))
        return response

    with voice(answer, form="pcm", limit_s=40) as speaker:
        pieces = speaker.synthesize("Hello.")
        first = next(pieces)
        go_on.set()
        rest = b"".join(pieces)
    assert len(first) > 3200
    assert abs(len(first + rest) // 32 - 1000) <= 5


def test_silence_before_the_first_sound_is_cut() -> None:
    with voice(sending(write_wav(bytes(24000) + tone(24000), 24000))) as speaker:
        assert abs(len(b"".join(speaker.synthesize("Hello."))) // 32 - 530) <= 6


def test_a_wav_that_a_server_streams_tells_no_length_and_notes_after_the_samples_are_dropped() -> (
    None
):
    wav = write_wav(tone(16000), 16000)
    endless = wav[:40] + b"\xff\xff\xff\xff" + wav[44:]
    assert len(b"".join(converted([endless], None))) == len(tone(16000))
    assert b"".join(converted([wav + b"LIST\x04\x00\x00\x00note"], None)) == tone(16000)


def test_words_without_a_sound_are_not_sent() -> None:
    speaker = RestVoice(BlockingClient("http://127.0.0.1:1"), model="m", voice="v")
    assert list(speaker.synthesize("")) == list(speaker.synthesize(" ...! ")) == []


@pytest.mark.parametrize(
    ("status", "kind", "named"),
    [
        (400, EngineRefusedError, "AURA_TTS_MODEL"),
        (403, EngineRefusedError, "AURA_TTS_API_KEY"),
        (404, EngineRefusedError, "AURA_TTS_BASE_URL"),
        (429, EngineUnavailableError, r"busy \(429\)"),
        (502, EngineUnavailableError, "502"),
    ],
)
def test_each_status_is_retried_or_refused_and_tells_no_secret(
    status: int, kind: type[EngineError], named: str
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": await request.text() + KEY}, status=status)

    with voice(answer) as speaker, pytest.raises(kind, match=named) as caught:
        list(speaker.synthesize(SECRET_WORDS))
    assert KEY not in str(caught.value)
    assert "tuna" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (sending(b"<html>", kind="text/html"), "text/html"),
        (sending(b"{}", kind="application/json"), "application/json"),
        (sending(b"ID3" + bytes(100), kind="audio/mpeg"), "AURA_TTS_FORMAT"),
        (sending(b"OggS" + bytes(100), kind="application/octet-stream"), "AURA_TTS_FORMAT"),
        (sending(tone(24000), kind="application/octet-stream"), "AURA_TTS_FORMAT=pcm"),
        (sending(b"RIFF" + bytes(4) + b"WAVX" + bytes(100)), "no WAV"),
    ],
)
def test_an_answer_without_audio_is_refused_with_the_setting_to_check(
    answer: Answer, named: str
) -> None:
    with voice(answer) as speaker, pytest.raises(EngineRefusedError, match=named):
        list(speaker.synthesize("Hello."))


def test_an_answer_without_a_sound_may_pass() -> None:
    with voice(sending()) as speaker, pytest.raises(EngineUnavailableError, match="no sound"):
        list(speaker.synthesize("Hello."))


async def _silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _stalling(request: web.Request) -> web.StreamResponse:
    response = await sending(write_wav(tone(24000), 24000))(request)
    await asyncio.Event().wait()
    return response


async def _dripping(request: web.Request) -> web.StreamResponse:
    response = await sending(write_wav(tone(24000, 100), 24000))(request)
    while True:
        await response.write(bytes(10))


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(write_wav(tone(24000), 24000))
    assert request.transport is not None
    request.transport.close()
    return response


def test_a_server_that_drips_is_given_up_within_its_limit() -> None:
    now_s = itertools.count(step=10.0).__next__  # each piece takes longer than its sound
    with answering({PATH: _dripping}) as url:
        client = BlockingClient(url, KEY, limit_s=60.0, now_s=now_s)
        speaker = RestVoice(client, model="kokoro", voice="af_heart")
        with pytest.raises(EngineUnavailableError, match="speaks too slowly"):
            list(speaker.synthesize("Hello."))
    assert now_s() < 300


@pytest.mark.parametrize("answer", [_silent, _stalling, _cut])
def test_a_server_that_misbehaves_is_given_up_within_its_limit(answer: Answer) -> None:
    with voice(answer, limit_s=0.4) as speaker, pytest.raises(EngineUnavailableError):
        list(speaker.synthesize("Hello."))


def clocked(*waits_s: float) -> tuple[Callable[[], float], Iterator[bytes]]:
    """Return a clock, and pieces of 100 ms that come after *waits_s*."""
    now = [0.0]

    def pieces() -> Iterator[bytes]:
        for wait_s in waits_s:
            now[0] += wait_s
            yield bytes(4800)

    return lambda: now[0], pieces()


def test_a_server_as_fast_as_its_sound_is_never_too_slow() -> None:
    now_s, pieces = clocked(*[0.1] * 1000)
    assert len(list(patient(pieces, limit_s=1, bytes_per_second=48000, now_s=now_s))) == 1000


def test_early_fast_audio_allows_no_longer_silence_later() -> None:
    now_s, pieces = clocked(*[0.0] * 1000, 1.2)
    with pytest.raises(EngineUnavailableError, match="slowly"):
        list(patient(pieces, limit_s=1, bytes_per_second=48000, now_s=now_s))


def test_slow_sound_is_given_up_when_the_listener_has_waited_for_the_limit() -> None:
    now_s, pieces = clocked(*[0.2] * 1000)
    patiently = patient(pieces, limit_s=1, bytes_per_second=48000, now_s=now_s)
    for _ in range(9):
        next(patiently)
    with pytest.raises(EngineUnavailableError):
        list(patiently)
    assert now_s() < 2.5


def test_the_time_in_which_sound_is_used_is_not_waited() -> None:
    now = [0.0]
    for _ in patient([bytes(4800)] * 9, limit_s=1, bytes_per_second=48000, now_s=lambda: now[0]):
        now[0] += 60


def test_raw_samples_have_the_rate_that_is_set() -> None:
    assert b"".join(converted([tone(16000)], Format(16000))) == tone(16000)
