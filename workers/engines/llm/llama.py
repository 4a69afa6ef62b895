"""A model in this process, by llama.cpp.

A base model, such as Gemma 3 270M, continues the telephone call of `base_model_prompt.py`. An
instruct model has a chat template in its file, which is used. Its tools are described in words,
since small models write calls as JSON whatever the template says (`workers/llm/tool_text.py`).
"""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

import asyncio
import mmap
import secrets
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workers.engines.errors import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnavailableError,
    WeightsError,
)
from workers.engines.llm.base_model_prompt import CALL, next_prompt, up_to_last_word
from workers.engines.llm.chat_request import messages
from workers.engines.llm.llama_requests import (
    chat,
    completion,
    likely_end,
    look,
    text_of,
    usage_of,
)
from workers.engines.protocols import Prompt, Token, Usage, check_model

CONTEXT_TOKENS = 4096
"""Tokens of one slot: the example call, the messages at a token a letter, and the response."""
BATCH_TOKENS = 16
"""The tokens of a prompt that are read at once. After each batch the model reports progress and can
be stopped; one of 1.5B on a core reads some 40 a second. Batches of 64 are an eighth faster, but
cannot be stopped for a second (ADR 51)."""
BASE_MODEL_BATCH_TOKENS = 64
"""The same for a base model, which is fast."""
CACHE_MIB = 256
"""Memory for prompts that left their slot: 500 tokens take 14 MiB with a model of 1.5B."""
CHAT_TEMPLATE = b"tokenizer.chat_template"
"""The key in a GGUF's metadata that base models lack."""
METADATA_BYTES = 64 << 20
"""The bytes that are searched for it: the metadata, with the vocabulary, comes first."""

Beginning = tuple[str, str, tuple[str, ...]]
"""The start of a prompt: the system prompt, the greeting, the names of the tools."""
HandOver = Callable[[dict[str, Any] | None], bool]
"""Takes a piece of the response, None after the last; returns whether the model must stop."""


class LlamaModel:
    """One GGUF model for `slots` calls at once; others wait for a slot."""

    in_process = True

    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        slots: int = 2,
        alias: str = "",
        system: str = "",
    ) -> None:
        """Take *path* of a GGUF file; *threads* should leave a core to the rest of the machine.

        llama.cpp's threads wait for each other at every layer. On two cores, one of them busy, a
        response took 7 to 15 s with two threads and 1 s with one; on idle cores 0.5 s and 0.6 s.

        *alias* is its name in AURA_LLM_MODEL; *system* is the usual system prompt, which an
        instruct model reads before the first call.
        """
        self.name = f"llama:{path.stem}"
        self._aliases = (path.stem, alias)
        self._path = path
        self._system = system
        self._follows = False
        """Whether it has a chat template; set when it is loaded."""
        self._threads = threads
        self._slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="llama")
        self._loading = threading.Lock()
        self._server: Any = None
        self._running_requests = 0
        self._held: deque[Beginning] = deque(maxlen=slots)
        """The starts of the prompts read last, whose slots may belong to running calls."""

    async def warm(self) -> None:
        """Load the model and let every slot read the start of its prompts."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, self._load)
        async with asyncio.TaskGroup() as slots:
            for slot in range(self._slots):
                slots.create_task(self._read_call(slot))

    async def _read_call(self, slot: int) -> None:
        request: dict[str, Any] = {"max_tokens": 1, "id_slot": slot}
        if self._follows:
            request["messages"] = messages(Prompt(self._system, (("user", "Hello."),)))
        else:
            request["prompt"] = CALL + "Caller:"
        await asyncio.get_running_loop().run_in_executor(
            self._pool, self._complete, request, lambda _: False
        )

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the response, one line, then its Usage; "" for each batch of the prompt.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        check_model(self.name, request.model, *self._aliases)
        self._hold(request)
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()  # bounded by the request
        gone = threading.Event()

        def hand_over(piece: dict[str, Any] | None) -> bool:
            try:
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except RuntimeError:  # the loop is closed
                return True
            return gone.is_set()  # True makes llama.cpp stop

        work = loop.run_in_executor(self._pool, self._write, request, hand_over, gone)
        self._running_requests += 1
        try:
            usage = Usage(0, 0, self.name)
            written = request.said
            while (piece := await pieces.get()) is not None:
                usage = usage_of(piece, self.name) or usage
                text = text_of(piece) if written else text_of(piece).lstrip()
                if text:
                    written += text
                    yield text
                elif "prompt_progress" in piece:
                    yield ""  # it still reads the prompt
            await work
            if not self._follows:  # else the slot holds the response already
                self._read_next(next_prompt(request, written))
            yield usage
        finally:
            self._running_requests -= 1
            gone.set()
            work.cancel()  # ends work that has no thread yet; `gone` ends the rest

    async def eot_llm(self, request: Prompt) -> float | None:
        """Return the probability (0..1) that the caller's sentence ends with its last word.

        The model reads the words without their last mark, and gives the probability that its next
        token is a mark that ends a sentence. `stream` continues from the same prompt.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        check_model(self.name, request.model, *self._aliases)
        if self._follows or self._running_requests or not (prompt := up_to_last_word(request)):
            return None
        loop = asyncio.get_running_loop()
        self._running_requests += 1
        try:
            return await loop.run_in_executor(self._pool, self._end_after, prompt)
        finally:
            self._running_requests -= 1

    async def read_ahead(self, request: Prompt) -> None:
        """Let a slot read the start of *request*, unless one has just done so.

        Cancelled, it ends once llama.cpp has freed the slot, after its current batch.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        check_model(self.name, request.model, *self._aliases)
        if not self._follows or _beginning(request) in self._held:
            return  # a base model holds the start that all its prompts share
        gone = threading.Event()
        reads = {**chat(request), "max_tokens": 1}
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._complete, reads, lambda _: gone.is_set())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            gone.set()
            await asyncio.wait({work})
            raise
        self._hold(request)

    def _hold(self, request: Prompt) -> None:
        if (beginning := _beginning(request)) in self._held:
            self._held.remove(beginning)
        self._held.append(beginning)

    def _end_after(self, prompt: str) -> float | None:
        self._load()
        answers: list[dict[str, Any]] = []
        self._complete(look(prompt), answers.append)
        return likely_end(answers[-1]) if answers else None

    def _write(self, request: Prompt, hand_over: HandOver, gone: threading.Event) -> None:
        """Write the response in a thread, unless it was cancelled while it waited for one."""
        try:
            if not gone.is_set():
                self._load()
                write = chat if self._follows else completion
                self._complete(write(request), hand_over)
        finally:
            hand_over(None)

    def _read_next(self, prompt: str | None) -> None:
        """Let the model read *prompt* while the response is spoken, unless a request waits."""
        if prompt and self._running_requests == 1:
            self._pool.submit(self._complete, {"prompt": prompt, "max_tokens": 1}, lambda _: True)

    def _load(self) -> None:
        with self._loading:
            if self._server is None:
                self._follows = has_chat_template(self._path)
                self._server = _server(self._path, self._threads, self._slots, self._follows)

    def _complete(self, request: dict[str, Any], heed: Callable[[dict[str, Any]], object]) -> None:
        failed: list[dict[str, Any]] = []

        def on_piece(piece: dict[str, Any]) -> bool:
            if "error" in piece:
                failed.append(piece["error"])
                return True
            return bool(heed(piece))

        server = self._server
        chats = "messages" in request
        handle = server.handle_chat_completions if chats else server.handle_completions
        handle({"stream": True, "cache_prompt": True, **request}, on_piece)
        if failed:
            code = failed[0].get("code", 500)
            kind = EngineUnavailableError if code in (429, 503) else EngineRefusedError
            raise kind(f"{self.name} failed with {code} {failed[0].get('type', '')}".strip())


def _beginning(request: Prompt) -> Beginning:
    role, text = request.messages[0] if request.messages else ("", "")
    names = tuple(tool.name for tool in request.tools)
    return request.system, text if role == "assistant" else "", names


def has_chat_template(path: Path) -> bool:
    """Return whether the GGUF file at *path* has a chat template.

    Raises:
        WeightsError: it cannot be read.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(CHAT_TEMPLATE, 0, METADATA_BYTES) >= 0
    except (OSError, ValueError) as error:  # ValueError: it is empty
        raise WeightsError(f"{path.name} cannot be read: set AURA_LLM_MODEL") from error


def _server(path: Path, threads: int, slots: int, follows: bool) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineMissingError("xllamacpp", "local-llm") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.verbosity = 0
    params.n_ctx = CONTEXT_TOKENS * slots
    params.n_parallel = slots
    params.n_batch = params.n_ubatch = BATCH_TOKENS if follows else BASE_MODEL_BATCH_TOKENS
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # spinning threads stall for seconds on a busy machine
    params.swa_full = True  # else Gemma 3 drops the fixed part of the prompt at every turn
    # the default is 8 GiB; a base model needs none, since its prompts share one start
    params.cache_ram_mib = CACHE_MIB if follows else 0
    # The library opens an unused port on 127.0.0.1: protect it by a key, without a web page.
    params.api_keys = [secrets.token_hex(32)]
    params.ui = params.endpoint_slots = False
    try:
        return xllamacpp.Server(params)
    except Exception as error:  # it has no error type of its own
        raise WeightsError(f"llama.cpp cannot load {path.name}: set AURA_LLM_MODEL") from error
