"""A recogniser behind HTTP: any server with OpenAI's `/audio/transcriptions`.

The server is asked for Whisper's own figures (`verbose_json`), which reveal text that was made up
for silence. A server without these figures is asked for plain text.
"""

import math
import time
from typing import Any, Final

from runtime.audio.conversion import write_wav
from schemas.audio import BYTES_PER_MS
from workers.engines.errors import EngineRefusedError, ServerUnavailableError
from workers.engines.openai_api import (
    BlockingClient,
    Library,
    ServerSettings,
    read_json,
    translating_errors,
)
from workers.engines.protocols import Recognition
from workers.engines.stt.whisper_postprocess import cleaned

SERVER: Final = ServerSettings(
    what="the recogniser's server",
    url="AURA_STT_BASE_URL",
    key="AURA_STT_API_KEY",
    model="AURA_STT_MODEL",
)
LEAST_MS: Final = 100
"""The shortest audio that is sent: servers refuse shorter audio, which holds no word anyway."""
MOST_ANSWER_BYTES: Final = 1 << 20


class RestRecognizer:
    """One model of one server. Any number of threads may transcribe."""

    def __init__(self, client: BlockingClient, *, model: str) -> None:
        """Take *model*; an answer that takes longer than the client's limit is given up."""
        self.name = f"openai:{model}"
        self._model = model
        self._client = client
        self._has_figures = True
        """Whether the server knows `verbose_json`, as far as is known."""

    def warm(self) -> None:
        """Open a connection by listing the models; every answer except a refused key is fine.

        Raises:
            EngineMissingError: the library is not installed.
            EngineRefusedError: the key is not accepted.
            ServerUnavailableError: no server answers.
        """
        client, library = self._client.get()
        try:
            with translating_errors(library, SERVER, self._model):
                client.models.list()
        except EngineRefusedError as error:
            if SERVER.model not in str(error):  # some servers cannot list their models
                raise

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        """Return the words in *pcm* (s16le, mono, 16 kHz); *language* is ISO 639-1 or 'auto'.

        Raises:
            ServerUnavailableError: a retry may succeed.
            EngineRefusedError: the server refuses the request, or its answer has another form.
        """
        began_s, audio_ms = time.monotonic(), len(pcm) // BYTES_PER_MS
        if audio_ms < LEAST_MS:
            return Recognition("", 0.0, audio_ms, 0.0)
        client, library = self._client.get()
        with translating_errors(library, SERVER, self._model):
            reply = self._ask(client, library, write_wav(pcm[: len(pcm) // 2 * 2]), language)
        text, confidence = recognised(reply)
        took_ms = (time.monotonic() - began_s) * 1000
        return Recognition(text, confidence if text else 0.0, audio_ms, took_ms)

    def _ask(self, client: Any, library: Library, wav: bytes, language: str) -> dict[str, Any]:
        sdk = library.module
        if self._has_figures:
            try:
                return self._answer(client, wav, language, "verbose_json")
            except (sdk.BadRequestError, sdk.UnprocessableEntityError) as error:
                if not any(word in str(error) for word in ("response_format", "verbose_json")):
                    raise
                self._has_figures = False
        return self._answer(client, wav, language, "json")

    def _answer(self, client: Any, wav: bytes, language: str, form: str) -> dict[str, Any]:
        until_s = self._client.now_s() + self._client.limit_s
        spoken = {} if language == "auto" else {"language": language}
        with client.audio.transcriptions.with_streaming_response.create(
            file=("speech.wav", wav, "audio/wav"),
            model=self._model,
            response_format=form,
            **spoken,
        ) as answer:
            kind = answer.headers.get("content-type", "")
            if "json" not in kind:
                raise EngineRefusedError(
                    f"{SERVER.what} answered {kind.partition(';')[0] or 'something'}, not JSON; is "
                    f"{SERVER.url} right?"
                )
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if self._client.now_s() > until_s or len(body) > MOST_ANSWER_BYTES:
                    raise ServerUnavailableError(f"{SERVER.what} did not come to an end")
        reply = read_json(body)
        if not isinstance(reply, dict) or not isinstance(reply.get("text"), str):
            raise EngineRefusedError(
                f"{SERVER.what} answered without a text; is {SERVER.url} right?"
            )
        return reply


def recognised(reply: dict[str, Any]) -> tuple[str, float]:
    """Return the words of a server's answer and their confidence, or 1 if it gives no figures.

    Segments that Whisper itself considers silence are left out.
    """
    segments = reply.get("segments")
    read = [_Segment(fields) for fields in segments or () if isinstance(fields, dict)]
    known = [part for part in read if part.has_figures]
    if not known:
        return cleaned(reply["text"], 0.0, 1.0), 1.0
    spoken = [part for part in known if cleaned(part.text, part.no_speech, math.exp(part.logprob))]
    if not spoken:
        return "", 0.0
    text = reply["text"] if len(spoken) == len(known) else "".join(part.text for part in spoken)
    weight = sum(part.weight for part in spoken)
    logprob = sum(part.logprob * part.weight for part in spoken) / weight
    return cleaned(text, 0.0, 1.0), math.exp(logprob)


class _Segment:
    """A segment of the audio, with the figures of Whisper's own code."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.text = str(fields.get("text", ""))
        logprob, no_speech = fields.get("avg_logprob"), fields.get("no_speech_prob", 0.0)
        self.has_figures = isinstance(logprob, int | float) and isinstance(no_speech, int | float)
        self.logprob = min(0.0, float(logprob)) if isinstance(logprob, int | float) else 0.0
        self.no_speech = float(no_speech) if isinstance(no_speech, int | float) else 0.0
        tokens = fields.get("tokens")
        self.weight = max(1, len(tokens) if isinstance(tokens, list) else len(self.text.split()))
