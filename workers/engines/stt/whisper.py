"""Whisper with the shortest window that fits the utterance, and wider windows if that fails.

Whisper pads all audio to 30 s, and its encoder's time grows with the window. A narrow window is
three to five times faster, but sometimes the model repeats a sentence in it. So decoding is greedy,
the output is limited to the words that the audio can hold, and the text is checked; if the check
fails, the next wider window is tried. The last window, 30 s, is Whisper as it was trained. A text
that passes the check with low confidence (a fifth of clear speech) is decoded again, with beams and
a wider window.
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import math
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from schemas.audio import BYTES_PER_MS, RATE_HZ
from workers.engines import weights
from workers.engines.errors import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnavailableError,
    WeightsError,
)
from workers.engines.protocols import Recognition
from workers.engines.stt import whisper_postprocess
from workers.engines.stt.decoded_text import NOTHING, DecodedText, better, joined, remaining_ways
from workers.engines.stt.levelling import levelled
from workers.engines.stt.punctuation_probability import SentenceEnd
from workers.engines.stt.whisper_postprocess import COLUMNS_PER_S, Floats, Way

NARROW_S: Final = (5.0, 8.0, 11.0, 15.0)
"""The windows that are tried before 30 s."""
TRUSTED_CONFIDENCE: Final = 0.45
"""The confidence below which the next window is tried. A short word reaches 0.5, a wrong word
0.4."""
MOST_BATCH_ITEMS: Final = 8
"""The most utterances in one batch, which limits the memory and the wait of the first one."""
HUSH_SAMPLES: Final = RATE_HZ // 2
"""Samples of silence after a piece; they help the model to judge the end of a sentence."""
_SILENT_PEAK: Final = 0.002
"""The peak, of full scale, up to which a piece counts as silence without asking the model."""
_SURELY_NO_SPEECH: Final = 0.85
"""Whisper's probability of no speech above which a narrow window without words is trusted."""


class WhisperRecognizer:
    """A faster-whisper model. Any number of threads may call it; `workers` of them run at once."""

    def __init__(
        self,
        model: str = "tiny.en",
        *,
        cache: Path = Path("~/.cache/aura"),
        threads: int = 1,
        workers: int = 1,
    ) -> None:
        """Take *model*: 'tiny.en', 'base', a folder, or a name that faster-whisper can download.

        *threads* serve one utterance. A second thread hardly helps the decoder, so raise *workers*
        first.
        """
        self.name = f"whisper:{Path(model).name}"
        self._model_name = model
        self._cache = cache
        self._threads = threads
        self._workers = workers
        self._loading = threading.Lock()
        self._model: Any = None
        self._prompts: dict[str, list[int]] = {}
        self._decode: Any = None
        self._sentence_end: Any = None

    def warm(self) -> None:
        """Load the model and recognise two seconds of noise."""
        self._load()
        noise = np.random.default_rng(0).normal(0.0, 0.02, 2 * RATE_HZ).astype(np.float32)
        list(self._recognise([noise], "en"))

    def transcribe(self, pcm: bytes, *, language: str = "en") -> Recognition:
        """Return the words in *pcm*; audio over 28 s is first cut at quiet spots.

        Raises:
            EngineMissingError, WeightsError: the model cannot be loaded.
            EngineRefusedError: the model does not know *language*.
        """
        ((_, recognition),) = self.transcribe_each([pcm], language=language)
        return recognition

    def transcribe_each(
        self, pcms: Sequence[bytes], *, language: str = "en", hurried: bool = False
    ) -> Iterator[tuple[int, Recognition]]:
        """Yield (index in *pcms*, its words), the narrowest windows first.

        An utterance that fails its check is retried after the first attempt of all others, so that
        no utterance waits for another's retry. So is an utterance with low confidence, unless
        *hurried*.
        """
        began_s = time.perf_counter()
        self._load()
        cut = [whisper_postprocess.pieces(levelled(_floats(pcm))) for pcm in pcms]
        owners = [index for index, pieces in enumerate(cut) for _ in pieces]
        texts: list[dict[int, DecodedText]] = [{} for _ in pcms]
        every = [piece for pieces in cut for piece in pieces]
        for at, decoded in self._recognise(every, language, hurried=hurried):
            index = owners[at]
            texts[index][at] = decoded
            if len(texts[index]) == len(cut[index]):
                text, confidence, eot = joined([text for _, text in sorted(texts[index].items())])
                took_ms = (time.perf_counter() - began_s) * 1000
                audio_ms = len(pcms[index]) // BYTES_PER_MS
                yield index, Recognition(text, confidence, audio_ms, took_ms, eot)

    def _recognise(
        self, pieces: list[Floats], language: str, *, hurried: bool = False
    ) -> Iterator[tuple[int, DecodedText]]:
        """Yield (index, text) of each piece, from its narrowest window or else from a wider one."""
        ways = {
            at: [Way(s) for s in whisper_postprocess.windows_s(len(piece) / RATE_HZ, NARROW_S)]
            for at, piece in enumerate(pieces)
            if len(piece) > RATE_HZ // 10 and np.abs(piece).max() > _SILENT_PEAK
        }
        best = [NOTHING] * len(pieces)
        yield from ((at, silence) for at, silence in enumerate(best) if at not in ways)
        while ways:
            way = min(left[0] for left in ways.values())
            now = [at for at, left in ways.items() if left[0] == way][:MOST_BATCH_ITEMS]
            tried = self._try([pieces[at] for at in now], way, language)
            for at, decoded in zip(now, tried, strict=True):
                best[at] = better(best[at], decoded)
                ways[at] = remaining_ways(ways[at], decoded, hurried=hurried)
                if not ways[at]:
                    del ways[at]
                    yield at, best[at]

    def _try(self, pieces: list[Floats], way: Way, language: str) -> list[DecodedText]:
        """Run the model once over *pieces*, each padded to the window of *way*."""
        import ctranslate2

        columns = int(way.window_s * COLUMNS_PER_S)
        padded = [np.pad(piece, (0, HUSH_SAMPLES)) for piece in pieces]
        # Padded with 0, the mean of the features, as faster-whisper does.
        features = np.stack(
            [_fitted(self._model.feature_extractor(piece), columns) for piece in padded]
        )
        seconds = [len(piece) / RATE_HZ for piece in pieces]
        most = whisper_postprocess.most_tokens(max(seconds))
        try:
            encoded = self._model.model.encode(
                ctranslate2.StorageView.from_array(features), to_cpu=False
            )
            languages = self._languages(encoded, len(pieces), language)
            results = self._model.model.generate(
                encoded,
                [self._prompt(language) for language in languages],
                beam_size=way.beams,
                max_length=2 * most,  # CTranslate2 reserves half of it for a prompt
                return_scores=True,
                return_no_speech_prob=True,
                return_logits_vocab=way.beams == 1,  # beam search does not keep them
            )
        except RuntimeError as error:  # CTranslate2 raises nothing else
            raise EngineUnavailableError(f"{self.name} could not run") from error
        full = way.window_s >= whisper_postprocess.FULL_S
        return [
            self._judged(result, audio_s, full)
            for result, audio_s in zip(results, seconds, strict=True)
        ]

    def _judged(self, result: Any, audio_s: float, full: bool) -> DecodedText:
        most = whisper_postprocess.most_tokens(audio_s)
        ids = result.sequences_ids[0][:most]  # in a batch the longest utterance sets the limit
        raw: str = self._decode(ids).strip()
        once = None if full else whisper_postprocess.unlooped(raw, audio_s)
        if once is None and len(ids) >= most - 1 and whisper_postprocess.loops(raw):
            return NOTHING  # a loop up to the last allowed token: a hum without words
        logprob = float(result.scores[0])
        no_speech = float(result.no_speech_prob)
        text = whisper_postprocess.cleaned(once or raw, no_speech, math.exp(min(0.0, logprob)))
        # A narrow window may miss a single "yes", so an empty text is trusted only from a sure or
        # full window.
        if text:
            likely = logprob > math.log(TRUSTED_CONFIDENCE)
        else:
            likely = full or no_speech > _SURELY_NO_SPEECH
        whole = once is not None or (len(ids) < most - 1 and not whisper_postprocess.loops(raw))
        reliable = whole and likely
        readable = reliable and not once and result.logits
        eot = self._sentence_end.after(ids, result.logits[0]) if readable else None
        return DecodedText(text, logprob, no_speech, len(ids), reliable, eot)

    def _languages(self, encoded: Any, count: int, language: str) -> Iterable[str]:
        if not self._model.model.is_multilingual:
            return ["en"] * count
        if language != "auto":
            return [language] * count
        rankings = self._model.model.detect_language(encoded)
        return [ranked[0][0].strip("<|>") for ranked in rankings]

    def _prompt(self, language: str) -> list[int]:
        """Return the tokens that ask for a plain transcript in *language*."""
        if known := self._prompts.get(language):
            return known
        from faster_whisper.tokenizer import Tokenizer

        many = self._model.model.is_multilingual
        try:
            tokenizer = Tokenizer(self._model.hf_tokenizer, many, "transcribe", language)
        except ValueError as error:
            raise EngineRefusedError(f"{self.name} knows no language {language!r}") from error
        self._decode = self._decode or tokenizer.decode
        self._sentence_end = self._sentence_end or SentenceEnd(tokenizer.encode, tokenizer.decode)
        prompt: list[int] = self._model.get_prompt(tokenizer, [], without_timestamps=True)
        self._prompts[language] = prompt
        return prompt

    def _load(self) -> None:
        with self._loading:
            if self._model is not None:
                return
            try:
                from faster_whisper import WhisperModel
                from threadpoolctl import threadpool_limits
            except ImportError as error:
                raise EngineMissingError("faster-whisper", "stt") from error
            # Each spectrum is one small product; BLAS threads would spin nine times as long as it
            # takes.
            threadpool_limits(1, user_api="blas")
            path = weights.find(self._model_name, self._cache)
            folder = path.parent if path and path.is_file() else path
            try:
                self._model = WhisperModel(
                    str(folder or self._model_name),
                    device="cpu",
                    compute_type="int8",
                    cpu_threads=self._threads,
                    num_workers=self._workers,
                )
            except Exception as error:  # its three libraries have no common error type
                raise WeightsError(
                    f"no Whisper model can be loaded from {self._model_name!r}: set AURA_STT_MODEL "
                    "to 'tiny.en', to a folder, or to a name faster-whisper can download"
                ) from error
            self._prompt("en")


def _floats(pcm: bytes) -> Floats:
    whole = len(pcm) // 2 * 2
    return np.frombuffer(pcm[:whole], "<i2").astype(np.float32) / np.float32(32768)


def _fitted(features: Floats, columns: int) -> Floats:
    """Return float32 [mels, columns]."""
    short = max(0, columns - features.shape[-1])
    fitted: Floats = np.pad(features[:, :columns], ((0, 0), (0, short))).astype(np.float32)
    return fitted
