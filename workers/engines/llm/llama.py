"""A model in this process, by llama.cpp.

A base model, as Gemma 3 270M is here, continues the phone call of `base_model_prompt.py`. A model
that was taught to follow instructions brings a chat template in its file, and is asked by it; tools
are told to it in words, for small models write their calls as JSON whatever the template says
(`workers/tool_text.py` reads them).
"""

# ruff: noqa: PLC0415 - a library is imported only by who uses it: each is an optional extra

import asyncio
import mmap
import os
import secrets
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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
TOKENS_AT_ONCE = 16
"""Of a prompt that is read. After each the model tells how far it is, and can be stopped: one of
1.5B on a core reads some 40 a second, and is neither hung nor deaf meanwhile. With 64 it read an
eighth more and was deaf for a second (ADR 51)."""
TOKENS_OF_A_SMALL_ONE = 64
"""The same of a base model, which reads them in no time."""
CACHE_MIB = 256
"""For what was read and is in no slot any more: a prompt of 500 tokens takes 14 MiB with a model
of 1.5B."""
CHAT_TEMPLATE = b"tokenizer.chat_template"
"""The key of a GGUF's metadata that base models do not have."""
METADATA_BYTES = 64 << 20
"""The metadata comes first, the vocabulary in it; no more is searched."""

Beginning = tuple[str, str, tuple[str, ...]]
"""What a prompt begins with: the system's text, the greeting, the names of the tools."""
HandOver = Callable[[dict[str, Any] | None], bool]
"""Takes a piece of the response, None after the last; returns whether the model is to stop."""


class LlamaModel:
    """One GGUF model, read by `slots` calls at a time; more wait for a slot."""

    in_process = True

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        slots: int = 2,
        alias: str = "",
        system: str = "",
    ) -> None:
        """Take *path* of a GGUF file; *threads* None leaves one core to the rest of the machine.

        llama.cpp's threads wait for each other at every layer. On two cores, with one of them busy,
        two threads took 7 to 15 s for a response and one took 1 s; on idle cores 0.5 s and 0.6 s.

        *alias* is what AURA_LLM_MODEL calls it; *system* is what most calls begin with: a model
        that follows instructions reads it before the first of them.
        """
        self.name = f"llama:{path.stem}"
        self._aliases = (path.stem, alias)
        self._path = path
        self._system = system
        self._follows = False
        """It is asked by its chat template; known once it is loaded."""
        self._threads = threads or max(1, (os.cpu_count() or 1) - 1)
        self._slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="llama")
        self._loading = threading.Lock()
        self._server: Any = None
        self._asking = 0
        """Requests under way: responses being written, and sentences being read."""
        self._held: deque[Beginning] = deque(maxlen=slots)
        """What the prompts read last begin with; their slots may hold a call that goes on."""

    async def warm(self) -> None:
        """Load the model and let every slot read what its prompts begin with."""
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
        """Yield the response, one line, then its Usage; "" for each part of the prompt it read.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        only(self.name, request.model, *self._aliases)
        self._hold(request)
        loop = asyncio.get_running_loop()
        # no more pieces than the tokens of a response, of which a request has a limit
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
                usage = usage_of(piece, self.name) or usage
                text = text_of(piece) if said else text_of(piece).lstrip()
                if text:
                    said += text
                    yield text
                elif "prompt_progress" in piece:
                    yield ""  # it reads, and is not silent
            await work
            if not self._follows:  # whose slot holds the response as it was written
                self._read_next(next_prompt(request, said))
            yield usage
        finally:
            self._asking -= 1
            gone.set()
            work.cancel()  # only if no thread has taken it yet; a running one stops by itself

    async def eot_llm(self, request: Prompt) -> float | None:
        """Return 0..1, the probability that the caller's sentence ends with its last word.

        The model reads the words without their last mark, and its next token is looked at: a mark
        that ends a sentence, or another word. `stream` goes on from what was read here.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        only(self.name, request.model, *self._aliases)
        if self._follows or self._asking or not (prompt := up_to_last_word(request)):
            return None
        loop = asyncio.get_running_loop()
        self._asking += 1
        try:
            return await loop.run_in_executor(self._pool, self._end_after, prompt)
        finally:
            self._asking -= 1

    async def read_ahead(self, request: Prompt) -> None:
        """Let a slot read what *request* begins with, unless one has just done so.

        Cancelled, it ends once llama.cpp has let go of the slot: after the tokens in hand.

        Raises:
            EngineRefusedError: another model is asked for.
        """
        only(self.name, request.model, *self._aliases)
        if not self._follows or _beginning(request) in self._held:
            return  # a base model's prompts all begin alike
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
        """Write the response in a thread, unless the listener left while this waited for one."""
        try:
            if not gone.is_set():
                self._load()
                write = chat if self._follows else completion
                self._complete(write(request), hand_over)
        finally:
            hand_over(None)

    def _read_next(self, prompt: str | None) -> None:
        """Let the model read *prompt* while the response is spoken, unless a request waits."""
        if prompt and self._asking == 1:
            self._pool.submit(self._complete, {"prompt": prompt, "max_tokens": 1}, lambda _: True)

    def _load(self) -> None:
        with self._loading:
            if self._server is None:
                self._follows = has_chat_template(self._path)
                self._server = _server(self._path, self._threads, self._slots, self._follows)

    def _complete(self, request: dict[str, Any], heed: Callable[[dict[str, Any]], object]) -> None:
        failed: list[dict[str, Any]] = []

        def each(piece: dict[str, Any]) -> bool:
            if "error" in piece:
                failed.append(piece["error"])
                return True
            return bool(heed(piece))

        server = self._server
        chats = "messages" in request
        handle = server.handle_chat_completions if chats else server.handle_completions
        handle({"stream": True, "cache_prompt": True, **request}, each)
        if failed:
            code = failed[0].get("code", 500)
            kind = EngineUnavailableError if code in (429, 503) else EngineRefusedError
            raise kind(f"{self.name} failed with {code} {failed[0].get('type', '')}".strip())


def _beginning(request: Prompt) -> Beginning:
    role, text = request.messages[0] if request.messages else ("", "")
    names = tuple(tool.name for tool in request.tools)
    return request.system, text if role == "assistant" else "", names


def has_chat_template(path: Path) -> bool:
    """Tell whether the GGUF file at *path* says how it is to be asked.

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
    params.n_batch = params.n_ubatch = TOKENS_AT_ONCE if follows else TOKENS_OF_A_SMALL_ONE
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # threads that spin for each other stall for seconds on a busy machine
    params.swa_full = True  # else Gemma 3 forgets the fixed part of the prompt at every turn
    # 8 GiB of old calls if nothing is said; the prompts of a base model all begin alike
    params.cache_ram_mib = CACHE_MIB if follows else 0
    # The library opens a port on 127.0.0.1 that we do not use: lock it, and show no web page.
    params.api_keys = [secrets.token_hex(32)]
    params.ui = params.endpoint_slots = False
    try:
        return xllamacpp.Server(params)
    except Exception as error:  # it has no error type of its own
        raise WeightsError(f"llama.cpp cannot load {path.name}: set AURA_LLM_MODEL") from error
