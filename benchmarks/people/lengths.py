"""Utterances of 3 to 60 s: the time from their end to the response, and the lost words.

Phrases of people are joined with short pauses; each utterance ends with the same phrase.
"""

import asyncio
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.people.caller import calling
from benchmarks.people.figures import spread
from benchmarks.people.plain_whisper import PlainWhisper
from benchmarks.people.recordings import phrases
from benchmarks.people.trials import in_turn
from runtime.text.word_errors import distance, words
from schemas.audio import BYTES_PER_MS

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "6"}
SECONDS = (3, 20, 40, 60)
PAUSE_MS = 240
PATIENCE_S = 10.0


@dataclass
class LengthTrial:
    """One utterance; ms after its end."""

    seconds: int
    first_audio_ms: float | None = None
    answered_inside: int = 0
    text: str = ""
    pcm: bytes = b""


def utterance(seconds: int, seed: int) -> bytes:
    """Return about *seconds* of phrases, s16le mono 16 kHz; the last one is always the same."""
    pieces = list(phrases().values())
    last = min(pieces, key=lambda pcm: abs(len(pcm) - 3000 * BYTES_PER_MS))
    pcm = b""
    while len(pcm) + len(last) < (seconds - 1) * 1000 * BYTES_PER_MS:
        pcm += pieces[seed % len(pieces)] + bytes(PAUSE_MS * BYTES_PER_MS)
        seed += 1
    return pcm + last


async def trial(url: str, seconds: int, seed: int) -> LengthTrial:
    outcome = LengthTrial(seconds, pcm=utterance(seconds, seed))
    async with calling(url, "audio=chunks&greeting=0") as caller:
        await caller.wait_for("session", 5)
        began, ends = await caller.say(outcome.pcm)
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
        await caller.wait_for("ai_complete", PATIENCE_S, ends)
    outcome.text = " ".join(
        message.fields["text"] for message in caller.of("user_transcript", began)
    )
    outcome.answered_inside = sum(began < sound.at < ends for sound in caller.sounds())
    if later := caller.sounds(ends):
        outcome.first_audio_ms = (later[0].at - ends) * 1000
    return outcome


async def measured(url: str, rounds: int) -> dict[str, Any]:
    """Return a row for each length, of *rounds* utterances."""
    cases = [(seconds, 5 * number) for number in range(rounds) for seconds in SECONDS]
    trials = await in_turn([partial(trial, url, *case) for case in cases], _shown)
    plain = PlainWhisper()
    rows: list[dict[str, Any]] = []
    for seconds in SECONDS:
        chosen = [trial for trial in trials if trial.seconds == seconds]
        heard = [trial.first_audio_ms for trial in chosen if trial.first_audio_ms is not None]
        truth = [words(plain.hear(trial.pcm)) for trial in chosen]
        wrong = sum(distance(a, words(b.text)) for a, b in zip(truth, chosen, strict=True))
        rows.append(
            {
                "seconds": seconds,
                "answered_inside": sum(trial.answered_inside > 0 for trial in chosen),
                "first_audio": spread(heard),
                "words": sum(map(len, truth)),
                "other_than_plain": wrong,
            }
        )
        print(rows[-1], flush=True)
    first = rows[0]["first_audio"].get("p50_ms")
    for row in rows:
        p50 = row["first_audio"].get("p50_ms")
        row["times_the_first"] = round(p50 / first, 2) if p50 and first else None
    return {"rows": rows, "trials": [_shown(trial) for trial in trials]}


def _shown(trial: LengthTrial) -> dict[str, Any]:
    shown = asdict(trial)
    del shown["pcm"]
    return shown
