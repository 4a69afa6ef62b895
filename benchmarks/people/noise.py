"""Constant noise: turns that end, how much later than in quiet, and the words.

The words are compared with those of the same phrase in quiet, for Aura and for plain faster-
whisper.
"""

import asyncio
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.people.caller import Samples, calling
from benchmarks.people.figures import share, spread
from benchmarks.people.noises import KINDS, at_level
from benchmarks.people.plain_whisper import PlainWhisper
from benchmarks.people.recordings import phrases
from benchmarks.people.trials import in_turn
from runtime.text.word_errors import distance, words

SETTINGS = {"AURA_LLM_ENGINE": "simulated", "AURA_SIM_LLM_TOKENS": "6"}
LEVELS_DB = (20, 15, 10)
QUIET = "quiet"
PATIENCE_S = 8.0
LEAD_S = {"babble": 9.0}
USUAL_LEAD_S = 1.5
"""The time of noise before the phrase: babble is detected after 8 s."""


@dataclass
class NoiseTrial:
    """One phrase in one noise; ms after the end of speech."""

    kind: str
    below_db: int
    phrase: str
    words_ms: float | None = None
    first_audio_ms: float | None = None
    text: str = ""
    inside: bool = False
    """The answer began before the phrase was over."""


async def trial(url: str, kind: str, below_db: int, phrase: str) -> NoiseTrial:
    pcm = phrases()[phrase]
    outcome = NoiseTrial(kind, below_db, phrase)
    noise: Samples | None = None if kind == QUIET else at_level(kind, below_db, pcm)
    async with calling(url, "audio=chunks&greeting=0", noise) as caller:
        await caller.wait_for("session", 5)
        await asyncio.sleep(LEAD_S.get(kind, USUAL_LEAD_S))
        began, ends = await caller.say(pcm)
        final = await caller.wait_for("user_transcript", ends - began + PATIENCE_S, began)
        await caller.wait_for("ai_complete", 4, final.at if final else time.monotonic())
    outcome.text = " ".join(
        message.fields["text"] for message in caller.of("user_transcript", began)
    )
    if final:
        outcome.words_ms = (final.at - ends) * 1000
    outcome.inside = any(sound.at < ends for sound in caller.sounds(began))
    if later := caller.sounds(ends):
        outcome.first_audio_ms = (later[0].at - ends) * 1000
    return outcome


async def measured(url: str, rounds: int) -> dict[str, Any]:
    """Return a row for each kind and level, and one in quiet, of *rounds* phrases each."""
    names = sorted(phrases(), key=lambda name: len(phrases()[name]))[2 : 2 + rounds * 4]
    cells = [(kind, db) for kind in KINDS for db in LEVELS_DB]
    cases = [(QUIET, 0, phrase) for phrase in names]
    cases += [
        (kind, db, names[(number + k) % len(names)])  # another phrase in each round
        for k in range(rounds)
        for number, (kind, db) in enumerate(cells)
    ]
    trials = await in_turn([partial(trial, url, *case) for case in cases], asdict)
    plain = PlainWhisper()
    quiet = {trial.phrase: trial for trial in trials if trial.kind == QUIET}
    rows = []
    for name, chosen in {
        QUIET: list(quiet.values()),
        **{f"{db} dB": [trial for trial in trials if trial.below_db == db] for db in LEVELS_DB},
        **{kind: [trial for trial in trials if trial.kind == kind] for kind in KINDS},
    }.items():
        rows.append({"noise": name, **_row(chosen, quiet, plain)})
        print(rows[-1], flush=True)
    return {"rows": rows, "trials": [asdict(trial) for trial in trials]}


def _row(
    trials: list[NoiseTrial], quiet: dict[str, NoiseTrial], plain: PlainWhisper
) -> dict[str, Any]:
    truth = {trial.phrase: plain.hear(phrases()[trial.phrase]) for trial in trials}
    count = sum(len(words(truth[trial.phrase])) for trial in trials)

    def percent(heard: list[str]) -> float:
        wrong = sum(
            distance(words(truth[trial.phrase]), words(text))
            for trial, text in zip(trials, heard, strict=True)
        )
        return round(100 * wrong / max(1, count), 1)

    later = [
        trial.first_audio_ms - before
        for trial in trials
        if trial.first_audio_ms is not None
        and (before := quiet[trial.phrase].first_audio_ms) is not None
    ]
    return {
        "ended": share(sum(trial.first_audio_ms is not None for trial in trials), len(trials)),
        "inside": sum(trial.inside for trial in trials),
        "first_audio": spread([t.first_audio_ms for t in trials if t.first_audio_ms is not None]),
        "later_than_quiet": spread(later),
        "wer_percent": percent([trial.text for trial in trials]),
        "wer_plain_percent": percent([plain.hear(_noisy(trial)) for trial in trials]),
    }


def _noisy(trial: NoiseTrial) -> bytes:
    pcm = phrases()[trial.phrase]
    if trial.kind == QUIET:
        return pcm
    noise = at_level(trial.kind, trial.below_db, pcm)
    mixed = np.frombuffer(pcm, "<i2") + np.resize(noise, len(pcm) // 2)
    return np.asarray(np.clip(mixed, -32768, 32767), "<i2").tobytes()
