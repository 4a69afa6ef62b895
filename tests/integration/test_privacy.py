"""What is spoken stays where it belongs: no audio on a disk, no words or tokens in a log."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from pathlib import Path

import jwt

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, pcm_of, silence

SECRET = "a secret that must not be logged either"
WORDS = b"how are you today"
"""Of what the simulated recogniser hears."""
PIECE_BYTES = 64
TYPED = "zebra crossing at the marker museum"
"""What a client types."""
QUERY = "quagga"
"""What a client has in its query."""


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def pieces(pcm: bytes) -> list[bytes]:
    """Return a few places of *pcm* that nothing else looks like."""
    rng = random.Random(0)
    found: list[bytes] = []
    while len(found) < 20:
        at = rng.randrange(0, len(pcm) - PIECE_BYTES)
        piece = pcm[at : at + PIECE_BYTES]
        if len(set(piece)) > 20:
            found.append(piece)
    return found


async def test_no_audio_reaches_a_disk_and_no_words_a_log(tmp_path: Path) -> None:
    env = {**SIMULATED, "LOG_LEVEL": "DEBUG", "AURA_JWT_SECRET": SECRET}  # more than any other
    aura = AuraProcess(tmp_path, env=env)
    token = jwt.encode({"sub": "ada", "exp": int(time.time()) + 600}, SECRET, "HS256")
    question = buzz(VOICE_MS)
    spoken: list[bytes] = []
    try:
        aura.wait_until_ready()
        for query in (f"token={token}", "token=demo_token", "token=wrong_token_of_somebody"):
            async with calling(
                aura.url, f"/ws/voice/continuous?{query}&greeting=0&{QUERY}={QUERY}"
            ) as caller:
                if "wrong" in query:
                    continue
                await caller.speak(question + silence(1500))
                await caller.until("ai_complete")
                spoken += [pcm_of(message) for message in caller.told("ai_audio")]
                await caller.send({"type": "text", "text": TYPED})
                await caller.until("ai_complete", 2)
        async with calling(aura.url, "/ws") as caller:
            await caller.send({"type": "start_conversation"})
            await caller.speak(question + silence(1500), 100, as_json=True)
            spoken.append(pcm_of(await caller.until("ai_response")))
            await caller.send({"type": "secret_type_of_a_client"})
            await asyncio.sleep(0.2)
        reader, writer = await asyncio.open_connection("127.0.0.1", aura.port)
        writer.write(b"GET /ws?token=wrong_token_of_somebody\x00 HTTP/1.1\r\nHo st: x\r\n\r\n")
        assert b" 400 " in await reader.readline()
        writer.close()
    finally:
        assert aura.stop() == 0
    assert all(spoken)
    stored = {path: path.read_bytes() for path in files(aura.data)}
    log = aura.log.read_bytes()
    assert any(WORDS in data for data in stored.values())  # events are stored: the search works
    for sound in (question, *spoken):
        for piece in pieces(sound):
            assert piece not in log
            assert repr(piece)[2:-1].encode() not in log
            for start in range(3):  # one of them begins a group of base64, wherever the piece is
                assert base64.b64encode(piece[start : start + 60]) not in log
            assert not [path for path, data in stored.items() if piece in data]
    answer = b"word word"  # of what the simulated model writes
    assert b"session_started" in log
    logs = log + b"".join(data for path, data in stored.items() if path.suffix == ".log")
    for secret in (
        WORDS,
        answer,
        TYPED.encode(),
        QUERY.encode(),
        token.encode(),
        token.rpartition(".")[2].encode(),
        b"demo_token",
        b"wrong_token_of_somebody",
        b"token=",
        SECRET.encode(),
        b"secret_type_of_a_client",
    ):
        assert secret not in logs, secret
