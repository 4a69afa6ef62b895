"""People who pause: how often a response comes in a pause, and how soon after the end.

Each recording with labels is spoken in a call of its own. "Early" is a response whose audio is sent
in a pause after which the speaker goes on; the first audio is timed from the labelled end. The peer
gets the same recordings; its figures only show whether a response came before the end.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from benchmarks import peer
from benchmarks.people.caller import calling
from benchmarks.people.figures import share, spread
from benchmarks.people.recordings import Recording, labelled
from benchmarks.people.trials import in_turn
from runtime.settings import load
from workers.engines import model_download

PATIENCE_S = 8.0
"""The longest wait for a response after the end."""
SETTINGS = {"AURA_RECONNECTS_PER_MINUTE": "600"}
PEERS = (0, 2)


@dataclass
class PauseTrial:
    """The result of one recording."""

    recording: str
    pauses: int
    early: list[int] = field(default_factory=list)
    """The numbers of the pauses in which a response came."""
    first_audio_ms: float | None = None
    transcript: str = ""
    """All final transcripts, appended."""


def judged(recording: Recording, sounds_ms: Sequence[float], transcript: str) -> PauseTrial:
    """Return the trial of *recording*, with responses at *sounds_ms* from its beginning."""
    trial = PauseTrial(recording.name, len(recording.pauses_ms), transcript=transcript)
    for number, (start_ms, end_ms) in enumerate(recording.pauses_ms):
        if any(start_ms < at <= end_ms for at in sounds_ms):
            trial.early.append(number)
    after = [at - recording.done_ms for at in sounds_ms if at > recording.done_ms]
    trial.first_audio_ms = min(after, default=None)
    return trial


def summed(trials: Sequence[PauseTrial]) -> dict[str, Any]:
    """Return the figures of *trials*."""
    waits = [trial.first_audio_ms for trial in trials if trial.first_audio_ms is not None]
    return {
        "early": share(
            sum(len(trial.early) for trial in trials), sum(trial.pauses for trial in trials)
        ),
        "answered_inside": share(sum(bool(trial.early) for trial in trials), len(trials)),
        "unanswered": len(trials) - len(waits),
        "first_audio": spread(waits),
    }


async def spoken(url: str, recording: Recording) -> PauseTrial:
    """Return the result of *recording* in a call of its own."""
    async with calling(url, "audio=chunks&greeting=0") as caller:
        await asyncio.sleep(1.0)
        began, _ = await caller.say(recording.pcm)
        done = began + recording.done_ms / 1000
        loop = asyncio.get_running_loop()
        while loop.time() < done + PATIENCE_S and not caller.sounds(done):
            await asyncio.sleep(0.02)
        await caller.ws.send_json({"type": "end_call"})
    sounds_ms = [(sound.at - began) * 1000 for sound in caller.sounds(began)]
    transcripts = [str(final.fields["text"]) for final in caller.of("user_transcript")]
    return judged(recording, sounds_ms, " ".join(transcripts))


async def measured(url: str, rounds: int) -> dict[str, Any]:
    """Return the figures of the program at *url*, and of the peer."""
    recordings = labelled()
    await spoken(url, min(recordings, key=lambda sound: len(sound.pcm)))  # a warm-up
    trials = await in_turn(
        [partial(spoken, url, recording) for _ in range(rounds) for recording in recordings], asdict
    )
    return {
        **summed(trials),
        "turn_model": model_download.turn_model(load().cache_dir).exists(),
        "peers": await asyncio.to_thread(peers, recordings),
        "trials": [asdict(trial) for trial in trials],
    }


def peers(recordings: Sequence[Recording]) -> list[dict[str, Any]]:
    """Return a row for each configuration of the peer; none if it cannot run."""
    if why := peer.missing():
        print(f"!! {why}")
        return []
    rows, sounds = [], {recording.name: recording.pcm for recording in recordings}
    for tune in PEERS:
        turns = peer.latency(tune, sounds, 0, warm_up=False)
        heard = [t["first_audio_ms"] for t in turns if t["first_audio_ms"] is not None]
        row = {
            "who": peer.NAMES[tune],
            "answered_inside": share(sum(t["inside"] for t in turns), len(turns)),
            "first_audio": spread(heard),
        }
        print(row, flush=True)
        rows.append(row)
    return rows
