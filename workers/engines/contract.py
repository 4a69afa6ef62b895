"""What Aura expects of an engine, as checks that anybody can run against one of their own.

`aura engines test module:Class` runs them and prints what fails and why. In a test of your own:

    from workers.engines import contract

    @pytest.mark.parametrize("check", contract.CHECKS["stt"], ids=contract.name_of)
    def test_my_recogniser(check, my_warm_recogniser):
        check(my_warm_recogniser)

A check takes an engine that is warm and raises `ContractError`, or whatever the engine raises.
Those of language models are async: the engine and its checks share an event loop.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

import numpy as np

from schemas.audio import BYTES_PER_MS, RATE_HZ
from schemas.tools import ToolFunction
from workers.engines.own import EngineKind
from workers.engines.protocols import (
    EngineError,
    FunctionCall,
    Prompt,
    Recognition,
    Switched,
    Usage,
)

TEXT: Final = "One, two, three, four, five."
LEAST_MS, MOST_MS = 600, 12_000
"""The shortest and longest speech of TEXT: other lengths are audio at a wrong rate, or none."""
CLOSED_S: Final = 5.0
BLOCKED_S: Final = 0.5
"""The longest block of the event loop, on which the heartbeats of the worker's jobs run."""
Check = Callable[[Any], Awaitable[None] | None]


class ContractError(AssertionError):
    """An engine does what Aura does not expect; the message says what."""


def name_of(check: Check) -> str:
    """Return what *check* is about, in words."""
    return check.__name__.replace("_", " ")


def _expect(true: object, message: str) -> None:
    if not true:
        raise ContractError(message)


# ---------------------------------------------------------------- all


def has_a_name(engine: Any) -> None:
    _expect(isinstance(engine.name, str) and engine.name, "`name` is a text that is not empty")


def can_be_warmed(engine: Any) -> None:
    warmed = engine.warm()
    if inspect.iscoroutine(warmed):
        warmed.close()
        raise ContractError("`warm` is blocking here, not async: a thread calls it")


# ---------------------------------------------------------------- speech to text


def _noise(ms: int, loud: float = 0.02) -> bytes:
    samples = np.random.default_rng(0).normal(0, loud, ms * RATE_HZ // 1000)
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def _recognition(found: object, pcm: bytes) -> Recognition:
    if not isinstance(found, Recognition):
        raise ContractError(f"`transcribe` returns a Recognition, not {type(found).__name__}")
    _expect(isinstance(found.text, str), "`text` is a text")
    _expect(found.text == found.text.strip(), "`text` has no blanks around it")
    _expect(0 <= found.confidence <= 1, f"`confidence` is 0 to 1, not {found.confidence}")
    _expect(found.text or found.confidence == 0, "`confidence` of an empty text is 0")
    _expect(found.audio_ms == len(pcm) // BYTES_PER_MS, "`audio_ms` is the length of the audio")
    _expect(found.took_ms >= 0, "`took_ms` is not negative")
    _expect(found.eot_stt is None or 0 <= found.eot_stt <= 1, "`eot_stt` is None or 0 to 1")
    return found


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
        found = list(pool.map(lambda pcm: engine.transcribe(pcm, language="en"), pcms))
    for one, pcm in zip(found, pcms, strict=True):
        _recognition(one, pcm)


def hears_several_together_as_one_by_one(engine: Any) -> None:
    if not hasattr(engine, "transcribe_each"):
        return
    pcms = [_noise(ms) for ms in (500, 1500, 1000)]
    for hurried in (False, True):
        found = dict(engine.transcribe_each(pcms, language="en", hurried=hurried))
        _expect(sorted(found) == [0, 1, 2], "`transcribe_each` yields each place once")
        for at, pcm in enumerate(pcms):
            _recognition(found[at], pcm)


# ---------------------------------------------------------------- text to speech


def _sound(engine: Any, text: str) -> bytes:
    sound = b""
    for piece in engine.synthesize(text):
        if not isinstance(piece, bytes):
            raise ContractError(f"a piece is bytes, not {type(piece).__name__}")
        _expect(piece, "a piece is not empty")
        _expect(len(piece) % 2 == 0, "a piece is whole samples of 16 bits")
        sound += piece
    return sound


def gives_its_sound_as_an_iterator(engine: Any) -> None:
    pieces = engine.synthesize(TEXT)
    _expect(isinstance(pieces, Iterator), "`synthesize` returns an iterator: use `yield`")
    list(pieces)


def speaks_16_khz_mono(engine: Any) -> None:
    ms = len(_sound(engine, TEXT)) // BYTES_PER_MS
    _expect(
        LEAST_MS <= ms <= MOST_MS,
        f"{TEXT!r} takes {LEAST_MS} to {MOST_MS} ms, not {ms}: s16le mono of 16 kHz is expected",
    )


def is_heard(engine: Any) -> None:
    loudest = int(np.abs(np.frombuffer(_sound(engine, TEXT), "<i2").astype(int)).max(initial=0))
    _expect(loudest > 1000, f"the loudest sample of {TEXT!r} is {loudest} of 32767")


def takes_texts_without_words(engine: Any) -> None:
    for text in ("", " ", "...", "🎉", "—"):
        _sound(engine, text)


def takes_texts_of_any_kind(engine: Any) -> None:
    for text in ("3.50 € at 10:30", "Grüße! 你好", "<b>&amp;</b>", "word " * 120):
        _sound(engine, text)


def can_be_left_in_the_middle(engine: Any) -> None:
    pieces = engine.synthesize(f"{TEXT} {TEXT} {TEXT}")
    next(pieces, None)
    if hasattr(pieces, "close"):
        pieces.close()
    _expect(_sound(engine, TEXT), "it speaks after it was left in the middle")


def speaks_in_several_threads(engine: Any) -> None:
    with ThreadPoolExecutor(3) as pool:
        for sound in pool.map(lambda _: _sound(engine, TEXT), range(3)):
            _expect(sound, "each of several threads has its sound")


# ---------------------------------------------------------------- language models

_PROMPT: Final = Prompt(
    "You are a friendly assistant. Answer in one short sentence.",
    (("assistant", "Hello!"), ("user", "What is the capital of France?")),
    max_tokens=24,
)


async def _response(engine: Any, prompt: Prompt = _PROMPT) -> list[Any]:
    tokens = engine.stream(prompt)
    if not isinstance(tokens, AsyncGenerator):
        raise ContractError("`stream` is an async generator: `async def` with `yield`")
    async with aclosing(tokens):
        found = [token async for token in tokens]
    for token in found:
        if not isinstance(token, str | FunctionCall | Switched | Usage):
            raise ContractError(f"a piece is a text, a call or a Usage, not {type(token).__name__}")
    usages = [token for token in found if isinstance(token, Usage)]
    _expect(len(usages) == 1 and found[-1] is usages[0], "the last piece, and no other, is a Usage")
    return found


def says_where_it_runs(engine: Any) -> None:
    _expect(isinstance(engine.in_process, bool), "`in_process` is True or False")


async def can_be_awaited_until_it_is_warm(engine: Any) -> None:
    coming = engine.warm()
    if not inspect.isawaitable(coming):
        raise ContractError("`warm` is async: the event loop awaits it")
    await coming


async def responds_and_counts(engine: Any) -> None:
    found = await _response(engine)
    _expect("".join(one for one in found if isinstance(one, str)).strip(), "there is a response")
    usage = found[-1]
    _expect(usage.prompt_tokens >= 0 and usage.completion_tokens >= 0, "counts are not negative")
    _expect(isinstance(usage.model, str), "a Usage names the model")


async def goes_on_with_what_was_said(engine: Any) -> None:
    await _response(engine, replace(_PROMPT, said="The capital"))


async def takes_conversations_of_any_shape(engine: Any) -> None:
    shapes = (
        (("user", "Hi."),),
        (("user", "Hi."), ("user", "Are you there?")),
        (("assistant", "Hello!"), ("assistant", "Still there?"), ("user", "Yes.")),
    )
    for messages in shapes:
        await _response(engine, replace(_PROMPT, messages=messages, seed=7))


async def takes_tools_whether_it_calls_them_or_not(engine: Any) -> None:
    tool = ToolFunction(name="get_time", description="Tells the time.", parameters={})
    for one in await _response(engine, replace(_PROMPT, tools=(tool,))):
        if isinstance(one, FunctionCall):
            _expect(isinstance(one.arguments, str), "`arguments` of a call are JSON as text")


async def stops_when_it_is_closed(engine: Any) -> None:
    tokens = engine.stream(replace(_PROMPT, max_tokens=200))
    await anext(tokens)
    try:
        async with asyncio.timeout(CLOSED_S):
            await tokens.aclose()
    except TimeoutError as error:
        raise ContractError(f"closing the stream stops it within {CLOSED_S:g} s") from error
    await _response(engine)


async def responds_to_several_at_once(engine: Any) -> None:
    await asyncio.gather(_response(engine), _response(engine))


async def never_blocks_the_event_loop(engine: Any) -> None:
    loop = asyncio.get_running_loop()
    response = asyncio.ensure_future(_response(engine))
    longest_s = 0.0
    while not response.done():
        before_s = loop.time()
        await asyncio.sleep(0.01)
        longest_s = max(longest_s, loop.time() - before_s)
    await response
    _expect(
        longest_s < BLOCKED_S,
        f"the event loop stood still for {longest_s * 1000:.0f} ms: a model that computes does so "
        "in a thread (asyncio.to_thread), one that asks a server awaits it",
    )


async def tells_whether_a_sentence_is_over(engine: Any) -> None:
    if not hasattr(engine, "eot_llm"):
        return
    likely = await engine.eot_llm(_PROMPT)
    _expect(likely is None or 0 <= likely <= 1, f"`eot_llm` is None or 0 to 1, not {likely}")


CHECKS: Final[Mapping[EngineKind, tuple[Check, ...]]] = {
    "stt": (
        can_be_warmed,
        has_a_name,
        returns_a_recognition,
        takes_a_language_that_is_to_be_found,
        takes_any_length,
        takes_digital_silence,
        hears_in_several_threads,
        hears_several_together_as_one_by_one,
    ),
    "llm": (
        can_be_awaited_until_it_is_warm,
        has_a_name,
        says_where_it_runs,
        responds_and_counts,
        goes_on_with_what_was_said,
        takes_conversations_of_any_shape,
        takes_tools_whether_it_calls_them_or_not,
        stops_when_it_is_closed,
        responds_to_several_at_once,
        never_blocks_the_event_loop,
        tells_whether_a_sentence_is_over,
    ),
    "tts": (
        can_be_warmed,
        has_a_name,
        gives_its_sound_as_an_iterator,
        speaks_16_khz_mono,
        is_heard,
        takes_texts_without_words,
        takes_texts_of_any_kind,
        can_be_left_in_the_middle,
        speaks_in_several_threads,
    ),
}


def failures(kind: EngineKind, engine: Any) -> Iterator[tuple[str, str]]:
    """Yield each check's name and why it failed, empty where it did not.

    The first one warms *engine*; if that fails, the others are left out.
    """
    with asyncio.Runner() as loop:
        for check in CHECKS[kind]:
            why = _why(check, engine, loop)
            yield name_of(check), why
            if why and check is CHECKS[kind][0]:
                return


def _why(check: Check, engine: Any, loop: asyncio.Runner) -> str:
    async def awaited(coming: Awaitable[None]) -> None:
        await coming

    try:
        if (coming := check(engine)) is not None:
            loop.run(awaited(coming))
    except (ContractError, EngineError) as error:
        return str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001  # whatever an engine raises is what is looked for
        return f"it raised {type(error).__name__}: {error}"
    return ""
