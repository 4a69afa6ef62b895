"""`/v1/audio/...` and `/v1/models`: recognition and synthesis without a call.

The edge has one job at a time for all such requests, and workers do jobs of calls first, so that a
call waits for one sentence or one piece of a recording at most.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from edge.door.callers.auth import Caller
from edge.door.http.bodies import TooLongError, read_body
from edge.door.http.client_left import unless_left
from edge.door.http.forms import form_fields
from edge.door.http.middlewares import address_of
from edge.door.http.openai_errors import bad_key, refused
from edge.door.http.speech_requests import (
    TEXT_FORMATS,
    SpeechRequest,
    audio_pieces,
    format_of,
    language_of,
    speech_request,
)
from edge.door.http.stage_job import (
    AudioLostError,
    StageFailedError,
    StageJobs,
    request_of,
    stage_jobs,
)
from edge.door.http.tokens import BadTokenError, owner_of
from edge.door.limits.message_memory import MessageMemory, Reservation
from edge.door.state import EDGE, Edge
from edge.protocols.realtime.wire import RequestError
from runtime.audio import media
from runtime.audio.containers import container_of
from runtime.audio.conversion import AudioOut, read_wav, write_wav
from runtime.audio.wav import NotAudioError
from runtime.bus.errors import BusAwayError
from runtime.common_share import CommonShare
from runtime.tasks import shielded
from schemas.audio import BYTES_PER_S

log = structlog.get_logger(__name__)

OUT_HZ = 24_000
"""The sample rate of speech, the same as OpenAI's, Hz."""
UPLOAD_TIMEOUT_S = 60.0
"""The time, seconds, in which a body must arrive."""
MOST_JSON_BYTES = 64 * 1024
MOST_UPLOAD_BYTES = 25 * 1024 * 1024
MOST_AUDIO_S = 600
MOST_FIELD_BYTES = 4096
MOST_REQUESTS_AT_ONCE = 16
"""The most requests at once, half of them from one address; others are refused."""
FILE_MEMORY_BYTES = 16 * 1024 * 1024
"""The memory for files being read or decoded; a longer file is read when there is no other."""
MODELS = ("aura-speech", "aura-transcribe")
FAILURES = {
    "audio_lost": "Part of the audio was lost inside the server: try again.",
    "server_error": "The server had an error: try again.",
}
"""Messages of failures by their codes."""
UNKNOWN_LENGTH = b"\xff\xff\xff\xff"
Served = Callable[[web.Request, Edge, Caller], Coroutine[Any, Any, web.StreamResponse]]


@dataclass
class Turnstile:
    """Runs the jobs of requests one at a time."""

    under_way: CommonShare = field(default_factory=lambda: CommonShare(MOST_REQUESTS_AT_ONCE))
    """The requests by address."""
    memory: MessageMemory = field(default_factory=lambda: MessageMemory(FILE_MEMORY_BYTES))
    """The memory for files."""
    job: asyncio.Lock = field(default_factory=asyncio.Lock)
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)


TURNSTILE = web.AppKey("turnstile", Turnstile)


def add_routes(app: web.Application) -> None:
    app[TURNSTILE] = Turnstile()
    app.router.add_get("/v1/models", _guarded(_models))
    app.router.add_post("/v1/audio/speech", _guarded(_speech))
    app.router.add_post("/v1/audio/transcriptions", _guarded(_transcriptions))


def _guarded(serve: Served) -> Handler:
    """Return a handler that requires a valid token, and returns errors in OpenAI's form."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        edge, address, turnstile = request.app[EDGE], address_of(request), request.app[TURNSTILE]
        try:
            caller = await owner_of(request, edge.identify)
        except BadTokenError as bad:
            return bad_key(bad.wait_s)
        held = turnstile.under_way.account(address)
        if edge.draining or edge.full_stage(address) or not held.fits(1):
            busy = RequestError("rate_limit_exceeded", "All are busy: try again.")
            return refused(429, busy, edge.stages.retry_after_s)
        held.take(1)  # before its body is read
        try:
            return await unless_left(request, serve(request, edge, caller))
        except RequestError as wrong:
            return refused(400, wrong)
        except TooLongError as wrong:
            return refused(400, RequestError("too_large", str(wrong)))
        except NotAudioError as wrong:
            return refused(400, RequestError("invalid_value", f"file: expected {wrong}", "file"))
        except TimeoutError:
            return refused(408, RequestError("timeout", "The body took too long."))
        except (StageFailedError, BusAwayError) as away:
            log.warning("speech_request_failed", path=request.path, why=str(away))
            code = "audio_lost" if isinstance(away, AudioLostError) else "server_error"
            return refused(503, RequestError(code, FAILURES[code]), 1)
        finally:
            held.give_all_back()

    return guarded


async def _models(*_: object) -> web.Response:
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "aura"} for name in MODELS]
    return web.json_response({"object": "list", "data": listed})


async def _speech(request: web.Request, edge: Edge, caller: Caller) -> web.StreamResponse:
    body = await read_body(request, MOST_JSON_BYTES, edge.settings.http_timeout_s)
    speech = speech_request(body)
    kind = "audio/wav" if speech.is_wav else "audio/pcm"
    answer = web.StreamResponse(headers={"Content-Type": kind})
    try:
        async with _jobs(edge, caller) as jobs:
            for index, text in enumerate(speech.sentences):
                async with request.app[TURNSTILE].job:
                    pcm = b"".join([chunk async for chunk in jobs.speak(index, text)])
                if pcm:
                    await _send(request, answer, AudioOut(OUT_HZ).feed(pcm), speech)
        if not answer.prepared:
            raise RequestError("invalid_value", "Nothing in input can be spoken.", "input")
        await answer.write_eof()
    except (StageFailedError, BusAwayError, TimeoutError) as error:
        if not answer.prepared:  # an error before the first audio has a status
            raise
        log.warning("speech_cut_off", why=type(error).__name__)
        if request.transport:
            request.transport.abort()
    return answer


async def _send(
    request: web.Request, answer: web.StreamResponse, pcm: bytes, speech: SpeechRequest
) -> None:
    """Send the next audio.

    Raises:
        TimeoutError: the client reads too slowly.
    """
    async with asyncio.timeout(UPLOAD_TIMEOUT_S):
        if not answer.prepared:
            await answer.prepare(request)
            if speech.is_wav:
                await answer.write(_endless_wav())
        await answer.write(pcm)


def _endless_wav() -> bytes:
    """Return the header of a WAV whose length is not known yet."""
    head = write_wav(b"", OUT_HZ)
    return head[:4] + UNKNOWN_LENGTH + head[8:40] + UNKNOWN_LENGTH


async def _transcriptions(request: web.Request, edge: Edge, caller: Caller) -> web.Response:
    turnstile = request.app[TURNSTILE]
    reservation = turnstile.memory.reservation(address_of(request))
    try:
        file, fields = await _form(request, reservation)
        form = format_of(fields.get("response_format"), TEXT_FORMATS)
        language = language_of(fields.get("language", "")) or edge.settings.language
        if fields.get("stream", "false") == "true":
            raise RequestError("invalid_value", "stream must be false.", "stream")
        async with turnstile.decoding:
            pcm = await shielded(asyncio.to_thread(_decoded, file))
        del file
    finally:
        reservation.release()
    async with _jobs(edge, caller) as jobs:
        words = []
        for number, piece in enumerate(audio_pieces(pcm), 1):
            async with turnstile.job:
                words.append(await jobs.transcribe(number, piece, language))
    text = " ".join(filter(None, words))
    return web.Response(text=text) if form == "text" else web.json_response({"text": text})


def _decoded(file: bytes) -> bytes:
    """Return the audio in *file* as s16le mono 16 kHz.

    Raises:
        NotAudioError: there is none, or too much.
    """
    if file[:4] == b"RIFF":
        pcm = read_wav(file, MOST_AUDIO_S)
    elif (container := container_of(file, first=True)) is None:
        raise NotAudioError("a WAV, or a compressed file whose format can be told by its beginning")
    elif not media.available():
        raise NotAudioError(f"WAV, not {container.value}; aura-voice[media] decodes it")
    else:
        try:
            pcm = media.decode_whole(file, container, MOST_AUDIO_S * BYTES_PER_S)
        except ValueError as error:
            raise NotAudioError(f"a file that can be decoded: {error}") from error
    if len(pcm) > MOST_AUDIO_S * BYTES_PER_S:
        raise NotAudioError(f"{MOST_AUDIO_S} s of sound at most")
    return pcm


def _jobs(edge: Edge, caller: Caller) -> AbstractAsyncContextManager[StageJobs]:
    """Return the jobs of a request."""
    first_events = request_of(caller.tenant, caller.user, edge.name)
    return stage_jobs(edge.bus, first_events, edge.config, edge.configs.encode)


async def _form(request: web.Request, reservation: Reservation) -> tuple[bytes, dict[str, str]]:
    """Return the file and the fields of a form, without writing to a disk.

    It is read as far as *reservation* gets memory; the rest waits in the system's sockets.

    Raises:
        RequestError: it has no file, is no form, or has too much in it.
        TooLongError, TimeoutError: as `read_body`.
    """
    most = MOST_UPLOAD_BYTES + MOST_JSON_BYTES
    body = await read_body(request, most, UPLOAD_TIMEOUT_S, reservation)
    try:
        form = asyncio.to_thread(form_fields, body, request.headers.get("Content-Type", ""))
        found = await shielded(form)  # it holds the memory
    except ValueError:
        raise RequestError("invalid_form", "The body must be a multipart form.") from None
    file = found.pop("file", None)
    for name, value in found.items():
        if len(value) > MOST_FIELD_BYTES:
            raise RequestError("too_large", f"{name} has {MOST_FIELD_BYTES} bytes at most.", name)
    if file is None:
        raise RequestError("missing_required_parameter", "file is missing.", "file")
    if len(file) > MOST_UPLOAD_BYTES:
        raise RequestError("too_large", f"file has {MOST_UPLOAD_BYTES} bytes at most.", "file")
    return file, {name: value.decode(errors="replace") for name, value in found.items()}
