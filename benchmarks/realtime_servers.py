"""The stock `openai` client with one script at Aura, and at another Realtime server.

    python -m benchmarks.realtime_servers [URL of the other server]

Both should use the same language model, recogniser and voice, which run here: a model with fixed
rules at MODEL_PORT, and Aura's own speech API at AURA_PORT.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from aiohttp import web

from benchmarks.latency import machine
from benchmarks.recordings import spoken
from benchmarks.results import save
from benchmarks.soak.trial import aura

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv" / "clients" / "bin" / "python"
SCRIPT = ROOT / "tests" / "clients" / "scripts" / "same_for_all.py"
AURA_PORT, MODEL_PORT = 8200, 8201
URL = f"http://127.0.0.1:{AURA_PORT}"
SETTINGS = {
    "PORT": str(AURA_PORT),
    "AURA_LLM_BASE_URL": f"http://127.0.0.1:{MODEL_PORT}/v1",
    "AURA_LLM_MODEL": "rule",
    "AURA_API_REQUESTS_PER_MINUTE": "10000",
    "AURA_JOINS_PER_MINUTE_PER_IP": "10000",
    "AURA_MAX_CONNECTIONS_PER_IP": "100",
}
SHORT = "Sure, that is no problem at all."
LONG = " ".join(
    f"In chapter {number} the travellers walked on and on through the quiet hills of the north."
    for number in "one two three four five six seven eight".split()
)


def answer(messages: list[dict[str, Any]]) -> str:
    """Return the model's reply by fixed rules: it can repeat its last reply, and a name."""
    texts = [(message["role"], _text(message.get("content"))) for message in messages]
    last = texts[-1][1]
    if texts[-1][0] == "tool" or "#5" in last:
        return "The result is #5."
    if "long story" in last:
        return LONG
    if "What did you say" in last:
        responses = [text for role, text in texts if role == "assistant"]
        return f"I said {responses[-1]}" if responses else "I said nothing"
    if "Who am I" in last:
        return "You are Ada." if any("Ada" in text for _, text in texts[:-1]) else "I do not know."
    return SHORT


def _text(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content)
    return str(content or "")


async def complete(request: web.Request) -> web.StreamResponse:
    """Serve `POST /v1/chat/completions`, streamed or whole."""
    body = await request.json()
    last = body["messages"][-1]
    calls = "CALL" in _text(last.get("content")) and last["role"] == "user" and body.get("tools")
    call = {"name": "add", "arguments": '{"a": 5}'}
    called = [{"index": 0, "id": "call_1", "type": "function", "function": call}]
    message: dict[str, Any] = {"role": "assistant", "content": answer(body["messages"])}
    if calls:
        message = {"role": "assistant", "content": None, "tool_calls": called}
    why = "tool_calls" if calls else "stop"
    head = {"id": "c", "created": 0, "model": "rule"}
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    if not body.get("stream"):
        choice = {"index": 0, "message": message, "finish_reason": why}
        return web.json_response(
            {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        )
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    words = [] if calls else str(message["content"]).split(" ")
    deltas = [message] if calls else [{"role": "assistant", "content": ""}]
    deltas += [{"content": word if k == 0 else f" {word}"} for k, word in enumerate(words)]
    for delta in [*deltas, {}]:
        choice = {"index": 0, "delta": delta, "finish_reason": None if delta else why}
        chunk = {**head, "object": "chat.completion.chunk", "choices": [choice]}
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def results_at(url: str, speech: Path) -> dict[str, str]:
    """Return the script's results at *url*."""
    process = await asyncio.create_subprocess_exec(
        PYTHON, SCRIPT, url, str(speech), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    results: dict[str, str] = json.loads(out.decode().splitlines()[-1])
    return results


@asynccontextmanager
async def model() -> AsyncIterator[None]:
    """Serve the language model."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", MODEL_PORT).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def compare(other: str) -> dict[str, dict[str, str]]:
    """Return the script's results at Aura, and at the *other* server if there is one."""
    pcm = np.frombuffer(spoken()["u0"], np.int16)
    with tempfile.NamedTemporaryFile(suffix=".pcm") as file:
        file.write(soxr.resample(pcm, 16_000, 24_000).astype(np.int16).tobytes())
        file.flush()
        async with model(), aura(engines=SETTINGS):
            results = {"aura": await results_at(URL, Path(file.name))}
            if other:
                results["other"] = await results_at(other, Path(file.name))
    return results


def main() -> None:
    """Compare and write results/realtime_servers.json."""
    results = asyncio.run(compare(sys.argv[1] if len(sys.argv) > 1 else ""))
    save("realtime_servers", machine=machine(), **results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
