"""People speak over a greeting and responses, which must stop; coughs must not stop them.

The simulated language model gives long responses. A phrase begins 1.5 s into their audio.
"""

import asyncio
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.people.caller import MicrophoneCaller, calling
from benchmarks.people.figures import share, spread
from benchmarks.people.noises import SOUNDS, sound
from benchmarks.people.recordings import first_loud_s, phrases
from benchmarks.people.trials import in_turn
from runtime.settings import load
from workers.engines import factory

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "60"}
INTO_S, AFTER_S, MOST_S = 1.5, 2.5, 3.0
PHASES, PHASE_S = 8, 0.008
"""The range of a phrase's start: chunks follow one another every 64 ms."""
QUERIES = {
    "greeting": "audio=chunks",
    "answer in chunks": "audio=chunks&greeting=0",
    "answer in sentences": "greeting=0",
}
BACKCHANNELS = ("Right.", "Okay.", "Yeah.", "Uh huh.")
RESUMED_S = 0.3
"""Sound that begins this long after its stop, before the phrase ends, is over the person."""


@dataclass
class InterruptionTrial:
    """One sound over one response; ms after its first loud frame left the microphone."""

    over: str
    what: str
    told_ms: float | None = None
    """`ai_interrupted` came."""
    silent_ms: float | None = None
    """The response is silent."""
    resumed: bool = False
    """The response went on while the person still spoke."""


async def trial(
    url: str, over: str, what: str, pcm: bytes, *, later_s: float = 0.0
) -> InterruptionTrial:
    """Play *pcm* over a response, *later_s* later than INTO_S into it."""
    into_s = INTO_S + later_s
    pcm = pcm[int(first_loud_s(pcm) / 0.02) * 640 :][: int(MOST_S * 32_000)]
    async with calling(url, QUERIES[over]) as caller:
        if over != "greeting":
            await caller.wait_for("session", 5)
            await caller.ws.send_json({"type": "text", "text": "Please tell me a long story."})
        if not await _sound(caller, 20):
            return InterruptionTrial(over, f"{what}: no response came")
        began, spoken = await caller.say(bytes(2 * int(into_s * 16_000)) + pcm)
        began += into_s
        await asyncio.sleep(max(0.0, spoken + AFTER_S - time.monotonic()))
    return judged(InterruptionTrial(over, what), caller, began, spoken)


async def _sound(caller: MicrophoneCaller, timeout_s: float) -> bool:
    until = time.monotonic() + timeout_s
    while not caller.sounds() and time.monotonic() < until:
        await asyncio.sleep(0.01)
    return bool(caller.sounds())


def judged(
    outcome: InterruptionTrial, caller: MicrophoneCaller, began: float, spoken: float
) -> InterruptionTrial:
    """Return *outcome* with the response's outcome: *began* and *spoken* bound the phrase."""
    stops_at = [message.at for message in caller.of("ai_interrupted", began)]
    if stops_at:
        outcome.told_ms = (stops_at[0] - began) * 1000
    pieces = sorted(piece.at for piece in caller.sounds(began))
    end = caller.heard_until(began)
    for at in pieces:
        if at > end + RESUMED_S:
            outcome.resumed = at < spoken - RESUMED_S
            break
        end = caller.heard_until(at)
    outcome.silent_ms = (min([end, *stops_at]) - began) * 1000
    return outcome


async def with_people(url: str, count: int) -> dict[str, Any]:
    """Return the figures of *count* phrases of people over responses."""
    phrase_items = list(phrases().items())
    cases = [
        (over, *phrase_items[number % len(phrase_items)])
        for number in range(-(-count // len(QUERIES)))
        for over in QUERIES
    ][:count]
    trials = await in_turn(
        [
            partial(trial, url, *case, later_s=number % PHASES * PHASE_S)
            for number, case in enumerate(cases)
        ],
        asdict,
    )
    told_ms = [trial.told_ms for trial in trials if trial.told_ms is not None]
    chunks = [t.silent_ms for t in trials if "chunks" in t.over and t.silent_ms is not None]
    return {
        "heard": share(len(told_ms), len(trials)),
        "resumed_over_the_speaker": share(sum(trial.resumed for trial in trials), len(trials)),
        "to_silence_in_chunks": spread(chunks),
        "to_ai_interrupted": spread(told_ms),
        "trials": [asdict(trial) for trial in trials],
    }


async def with_sounds(url: str, count: int) -> dict[str, Any]:
    """Return how many of *count* coughs, noises and backchannels stopped a response.

    The backchannels with words are in Aura's own voice, since no recording of people has any. It
    would spell "mhm" as three letters, so that one is synthesised from harmonics.
    """
    voice = factory.synthesizer(load(tts_engine="piper"))
    sounds = [(kind, sound(kind, seed)) for seed in range(3) for kind in SOUNDS]
    sounds += [(word, b"".join(voice.synthesize(word))) for word in BACKCHANNELS]
    overs = list(QUERIES)
    cases = [
        (overs[number // len(sounds) % len(overs)], *sounds[number % len(sounds)])
        for number in range(count)
    ]
    trials = await in_turn([partial(trial, url, *case) for case in cases], asdict)
    stopped = [trial for trial in trials if trial.told_ms is not None]
    return {
        "stopped": share(len(stopped), len(trials)),
        "by_what": sorted({f"{trial.what} over {trial.over}" for trial in stopped}),
        "trials": [asdict(trial) for trial in trials],
    }
