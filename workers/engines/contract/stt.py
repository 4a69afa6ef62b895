"""The contract of a recognizer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from schemas.audio import BYTES_PER_MS, RATE_HZ
from workers.engines.contract.check import (
    Check,
    ContractError,
    can_be_warmed,
    expect,
    has_a_name,
)
from workers.engines.protocols import Recognition


def _noise(ms: int) -> bytes:
    samples = np.random.default_rng(0).normal(0, 0.02, ms * RATE_HZ // 1000)
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def _recognition(result: object, pcm: bytes) -> Recognition:
    if not isinstance(result, Recognition):
        raise ContractError(f"`transcribe` returns a Recognition, not {type(result).__name__}")
    expect(isinstance(result.text, str), "`text` is a text")
    expect(result.text == result.text.strip(), "`text` has no blanks around it")
    expect(0 <= result.confidence <= 1, f"`confidence` is 0 to 1, not {result.confidence}")
    expect(result.text or result.confidence == 0, "`confidence` of an empty text is 0")
    expect(result.audio_ms == len(pcm) // BYTES_PER_MS, "`audio_ms` is the length of the audio")
    expect(result.took_ms >= 0, "`took_ms` is not negative")
    expect(result.eot_stt is None or 0 <= result.eot_stt <= 1, "`eot_stt` is None or 0 to 1")
    return result


def returns_a_recognition(engine: Any) -> None:
    pcm = _noise(2000)
    _recognition(engine.transcribe(pcm, language="en"), pcm)


def takes_a_language_that_is_to_be_found(engine: Any) -> None:
    pcm = _noise(1000)
    _recognition(engine.transcribe(pcm, language="auto"), pcm)


def takes_any_length(engine: Any) -> None:
    for ms in (0, 1, 20, 100, 31_000):
        pcm = _noise(ms)
        _recognition(engine.transcribe(pcm, language="en"), pcm)


def takes_digital_silence(engine: Any) -> None:
    pcm = bytes(2000 * BYTES_PER_MS)
    _recognition(engine.transcribe(pcm, language="en"), pcm)


def hears_in_several_threads(engine: Any) -> None:
    pcms = [_noise(ms) for ms in (500, 900, 1300, 1700)]
    with ThreadPoolExecutor(len(pcms)) as pool:
        results = list(pool.map(lambda pcm: engine.transcribe(pcm, language="en"), pcms))
    for result, pcm in zip(results, pcms, strict=True):
        _recognition(result, pcm)


def hears_several_together_as_one_by_one(engine: Any) -> None:
    if not hasattr(engine, "transcribe_each"):
        return
    pcms = [_noise(ms) for ms in (500, 1500, 1000)]
    for hurried in (False, True):
        results = dict(engine.transcribe_each(pcms, language="en", hurried=hurried))
        expect(sorted(results) == [0, 1, 2], "`transcribe_each` yields each index once")
        for at, pcm in enumerate(pcms):
            _recognition(results[at], pcm)


CHECKS: Final[tuple[Check, ...]] = (
    can_be_warmed,
    has_a_name,
    returns_a_recognition,
    takes_a_language_that_is_to_be_found,
    takes_any_length,
    takes_digital_silence,
    hears_in_several_threads,
    hears_several_together_as_one_by_one,
)
