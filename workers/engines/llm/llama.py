"""Gemma 3 270M in this process: llama.cpp continues the phone call of `base_model_prompt.py`."""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import asyncio
import math
import os
import re
import secrets
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workers.engines.llm.base_model_prompt import CALL, next_prompt, prompt_text, up_to_last_word
from workers.engines.protocols import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnavailableError,
    Prompt,
    Token,
    Usage,
    WeightsError,
    only,
)

CONTEXT_TOKENS = 4096
"""Of one slot: room for the example call, for the remembered messages at a token a letter, and for
the response."""
LIKELIEST = 40
"""Tokens among which the next one is drawn. Top-k comes first, for llama.cpp's usual samplers go
through all 262 144 tokens of Gemma's vocabulary several times, at half the cost of the model."""
MOST_TOKENS = 64
"""About two spoken sentences; a model this small may else go on to the end of its context."""

LOOKED_AT = 20
"""Likeliest next tokens that are searched for a sentence's end; outside them it is unlikely."""

_END = re.compile(r"\s*([?!\u3002\uff1f\uff01\u061f\u0964\n]|\.(?!\.))")
"""A token with a mark of `punctuation_probability.ENDS`, or a line break; "..." is no end."""

HandOver = Callable[[dict[str, Any] | None], bool]
"""Takes a piece of the response, None after the last; returns whether the model is to stop."""


class LlamaModel:
    """One GGUF base model, read by `slots` calls at a time; more wait for a slot."""

    in_process = True

    def __init__(
        self, path: Path, *, threads: int | None = None, slots: int = 2, alias: str = ""
    ) -> None:
        """Take *path* of a GGUF file; *threads* None leaves one core to the rest of the machine.

        llama.cpp's threads wait for each other at every layer. On two cores, with one of them busy,
        two threads took 7 to 15 s for an answer and one took 1 s; on idle cores 0.5 s and 0.6 s.

        *alias* is what AURA_LLM_MODEL calls it.
        """
        self.name = f"llama:{path.stem}"
        self._aliases = (path.stem, alias)
        self._path = path
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)
        self._slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="llama")
        self._loading = threading.Lock()
        self._server: Any = None
        self._asking = 0
        """Requests under way: responses being written, and sentences being read."""

    async def warm(self) -> None:
        """Load the model and let every slot read the fixed part of the prompt."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, self._load)
        async with asyncio.TaskGroup() as slots:
            for slot in range(self._slots):
                slots.create_task(self._read_call(slot))

    async def _read_call(self, slot: int) -> None:
        request = {"prompt": CALL + "Caller:", "max_tokens": 1, "id_slot": slot}
        await asyncio.get_running_loop().run_in_executor(
            self._pool, self._complete, request, lambda _: False
        )

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the answer, one line, then its Usage.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        only(self.name, request.model, *self._aliases)
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        gone = threading.Event()

        def hand_over(piece: dict[str, Any] | None) -> bool:
            try:
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except RuntimeError:  # the loop is closed: nobody listens any more
                return True
            return gone.is_set()  # a true answer makes llama.cpp stop

        work = loop.run_in_executor(self._pool, self._write, request, hand_over, gone)
        self._asking += 1
        try:
            usage = Usage(0, 0, self.name)
            said = request.said
            while (piece := await pieces.get()) is not None:
                usage = _usage(piece, self.name) or usage
                text = _text(piece) if said else _text(piece).lstrip()
                if text:
                    said += text
                    yield text
            await work
            self._read_ahead(next_prompt(request, said))
            yield usage
        finally:
            self._asking -= 1
            gone.set()
            work.cancel()  # only if no thread has taken it yet; a running one stops by itself

    async def sentence_end(self, request: Prompt) -> float | None:
        """Return 0..1, the probability that the caller's sentence ends with its last word.

        The model reads the words without their last mark, and its next token is looked at: a mark
        that ends a sentence, or another word. `stream` goes on from what was read here.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        only(self.name, request.model, *self._aliases)
        if self._asking or not (prompt := up_to_last_word(request)):
            return None
        loop = asyncio.get_running_loop()
        self._asking += 1
        try:
            return await loop.run_in_executor(self._pool, self._end_after, prompt)
        finally:
            self._asking -= 1

    def _end_after(self, prompt: str) -> float | None:
        self._load()
        answers: list[dict[str, Any]] = []
        looking = {"prompt": prompt, "max_tokens": 1, "n_probs": LOOKED_AT, "stream": False}
        self._complete({**looking, "samplers": ["top_k"], "top_k": 1}, answers.append)
        return likely_end(answers[-1]) if answers else None

    def _write(self, request: Prompt, hand_over: HandOver, gone: threading.Event) -> None:
        """Write the response in a thread, unless the listener left while this waited for one."""
        try:
            if not gone.is_set():
                self._load()
                self._complete(_completion(request), hand_over)
        finally:
            hand_over(None)

    def _read_ahead(self, prompt: str | None) -> None:
        """Let the model read *prompt* while the response is spoken, unless a request waits."""
        if prompt and self._asking == 1:
            self._pool.submit(self._complete, {"prompt": prompt, "max_tokens": 1}, lambda _: True)

    def _load(self) -> None:
        with self._loading:
            if self._server is None:
                self._server = _server(self._path, self._threads, self._slots)

    def _complete(self, request: dict[str, Any], heed: Callable[[dict[str, Any]], object]) -> None:
        failed: list[dict[str, Any]] = []

        def each(piece: dict[str, Any]) -> bool:
            if "error" in piece:
                failed.append(piece["error"])
                return True
            return bool(heed(piece))

        self._server.handle_completions({"stream": True, "cache_prompt": True, **request}, each)
        if failed:
            code = failed[0].get("code", 500)
            kind = EngineUnavailableError if code in (429, 503) else EngineRefusedError
            raise kind(f"{self.name} failed with {code} {failed[0].get('type', '')}".strip())


def _completion(request: Prompt) -> dict[str, Any]:
    return {
        "prompt": prompt_text(request),
        "max_tokens": max(1, min(request.max_tokens, MOST_TOKENS)),
        "temperature": request.temperature,
        "samplers": ["top_k", "temperature"] if request.temperature else ["top_k"],
        "top_k": LIKELIEST if request.temperature else 1,
        "stop": ["\n"],
        "stream_options": {"include_usage": True},
        **({} if request.seed is None else {"seed": request.seed}),
    }


def likely_end(answer: dict[str, Any]) -> float | None:
    """Return 0..1, the probability in llama.cpp's *answer* that the next token ends the sentence.

    None: there are no probabilities, as for a token that is only a part of a letter.
    """
    try:
        likely = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        ends = sum(math.exp(one["logprob"]) for one in likely if _END.match(one["token"]))
    except (KeyError, IndexError, TypeError):
        return None
    return min(1.0, ends)


def _text(piece: dict[str, Any]) -> str:
    return "".join(choice.get("text") or "" for choice in piece.get("choices") or ())


def _usage(piece: dict[str, Any], model: str) -> Usage | None:
    if not (counts := piece.get("usage")):
        return None
    return Usage(counts["prompt_tokens"], counts["completion_tokens"], model)


def _server(path: Path, threads: int, slots: int) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineMissingError("xllamacpp", "local-llm") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.verbosity = 0
    params.n_ctx = CONTEXT_TOKENS * slots
    params.n_parallel = slots
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # threads that spin for each other stall for seconds on a busy machine
    params.swa_full = True  # else Gemma 3 forgets the fixed part of the prompt at every turn
    params.cache_ram_mib = 0  # else up to 8 GiB of old calls are kept in memory
    # The library opens a port on 127.0.0.1 that we do not use: lock it, and show no web page.
    params.api_keys = [secrets.token_hex(32)]
    params.ui = params.endpoint_slots = False
    try:
        return xllamacpp.Server(params)
    except Exception as error:  # it has no error type of its own
        raise WeightsError(f"llama.cpp cannot load {path.name}: set AURA_LLM_MODEL") from error
