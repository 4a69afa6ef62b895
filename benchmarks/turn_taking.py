"""Turn-taking: the wait for responses, early responses, and sounds that stop them.

It has three parts, with the edge's own core and the real recogniser (see `offline`): pauses inside
sentences at each eagerness, interruptions at random moments, noises over a response.
"""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.latency import machine
from benchmarks.llm_eot import eot as by_model
from benchmarks.offline import Eot, Hear, Heard, OfflineCall, began
from benchmarks.paused_sentences import recognizer, room, say, with_pauses
from benchmarks.people.noises import clap, typing
from benchmarks.results import save
from edge.core.client_events import Interrupted, Speech
from runtime.settings import load
from schemas import events as ev
from schemas.audio import BYTES_PER_MS, RATE_HZ
from schemas.session_config import Eagerness, SessionConfig
from workers.engines import factory, model_download
from workers.engines.protocols import Recognition

Samples = NDArray[np.float64]
EAGERNESS: tuple[Eagerness, ...] = ("high", "auto", "low")
ANSWER = "Sure, I can help you with that. Let me look at what we have, and then we will see."
INTERRUPTIONS = (
    "Wait, stop, that is not what I meant.",
    "No, I said Thursday.",
    "Excuse me, can I ask something else?",
    "Hold on a second, please.",
    "Actually, cancel that.",
)
LISTENING = ("Mhm.", "Yeah.", "Okay.", "Right.", "Uh huh.")


def hearing(*, by_punctuation: bool = True, by_sound: bool = False) -> Hear:
    """Return the real recogniser, with or without its own and the turn model's probabilities."""
    turns = factory.turn_model(load(turn_model="auto")) if by_sound else None

    def hear(pcm: bytes) -> tuple[Recognition, float | None]:
        heard = _heard(pcm)
        sound = turns.eot_audio(pcm) if turns else None
        return heard if by_punctuation else replace(heard, eot_stt=None), sound

    return hear


@functools.lru_cache(maxsize=5000)
def _heard(pcm: bytes) -> Recognition:
    heard: Recognition = recognizer().transcribe(pcm)
    return heard


def call(
    hear: Hear, eagerness: Eagerness = "auto", *, eot: Eot | None = None, **given: Any
) -> OfflineCall:
    changes = {"turns.eagerness": eagerness, "turns.ask_eot": eot is not None}
    begins = began(SessionConfig().but(changes))
    return OfflineCall(hear, begins, answer=(ANSWER, say(ANSWER)), eot=eot, **given)


# ---------------------------------------------------------------- pauses


def pauses(hear: Hear, evidence: str, eot: Eot | None = None) -> list[dict[str, Any]]:
    rows = []
    for eagerness in EAGERNESS:
        waits, cut_in = [], 0
        sounds = with_pauses()
        for spoken, end_ms in sounds:
            heard = call(hear, eagerness, eot=eot).run(spoken + room(4000, 1))
            committed = [at for at, _ in heard.of(ev.TurnCommitted)]
            audible = [at for at, one in heard.of(Speech) if one.pcm]
            cut_in += any(at < end_ms - 50 for at in audible)
            if committed and committed[-1] > end_ms - 50:
                waits.append(committed[-1] - end_ms)
        row = {
            "evidence": evidence,
            "eagerness": eagerness,
            "sentences": len(sounds),
            "cut_in": cut_in,
            "wait_p50_ms": float(np.percentile(waits, 50)),
            "wait_p95_ms": float(np.percentile(waits, 95)),
        }
        print(row, flush=True)
        rows.append(row)
    return rows


# ---------------------------------------------------------------- over an answer


def _over_an_answer(hear: Hear, sound: bytes, at_ms: int, **given: Any) -> Heard:
    """Ask a question, and play *sound* at *at_ms* of the response's audio."""
    question = room(500) + say("Can you help me with something?")
    silent = call(hear, **given).run(question + room(3000, 1))
    (first, _), *_ = [one for one in silent.of(Speech) if one[1].pcm]
    lead = room(first - len(question) // BYTES_PER_MS + at_ms, 1)
    return call(hear, **given).run(question + lead + sound + room(6000, 2))


def interruptions(hear: Hear, count: int = 50) -> dict[str, Any]:
    rng, took, missed = random.Random(5), [], []
    for number in range(count):
        words = INTERRUPTIONS[number % len(INTERRUPTIONS)]
        at_ms = rng.randrange(200, 3000)
        heard = _over_an_answer(hear, say(words), at_ms)
        started = [at for at, one in heard.of(ev.SpeechStarted) if one.over_response]
        stopped = [at for at, _ in heard.of(Interrupted)]
        if stopped:
            took.append(stopped[0] - started[0])
        else:
            missed.append(f"{words} at {at_ms}")
    row = {
        "interruptions": count,
        "stopped": len(took),
        "to_decision_p50_ms": float(np.percentile(took, 50)),
        "to_decision_p95_ms": float(np.percentile(took, 95)),
        "missed": missed,
    }
    print(row, flush=True)
    return row


def noises() -> dict[str, list[bytes]]:
    """Return ten of each kind of noise, at the level of a voice; s16le mono 16 kHz."""
    made: dict[str, list[bytes]] = {}
    for kind, make in (
        ("click", _click),
        ("cough", _cough),
        ("clap", clap),
        ("music", _music),
        ("typing", typing),
    ):
        made[kind] = [_pcm(make(np.random.default_rng(seed))) for seed in range(10)]
    return made


def _pcm(samples: Samples, peak: float = 9000) -> bytes:
    scaled = samples / max(1e-9, float(np.abs(samples).max())) * peak
    return scaled.astype("<i2").tobytes()


def _t(seconds: float) -> Samples:
    return np.arange(int(RATE_HZ * seconds)) / RATE_HZ


def _click(rng: np.random.Generator) -> Samples:
    t = _t(0.03)
    return rng.normal(0, 1, t.size) * np.exp(-t * rng.uniform(150, 400))


def _cough(rng: np.random.Generator) -> Samples:
    """Make a burst, then a rough voiced tail, twice."""
    t = _t(0.3)
    burst = rng.normal(0, 1, t.size) * np.exp(-t * 25)
    pitch = rng.uniform(150, 280)
    tail = np.sin(2 * np.pi * pitch * t) * np.exp(-((t - 0.12) ** 2) / 0.004)
    one = burst + 0.5 * tail * (1 + 0.6 * rng.normal(0, 1, t.size))
    return np.concatenate([one, np.zeros(3200), one])


def _music(rng: np.random.Generator) -> Samples:
    """Play two seconds of chords with an attack and a decay."""
    notes = [220 * 2 ** (k / 12) for k in rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 8)]
    parts = []
    for note in notes:
        t = _t(0.25)
        chord = sum(np.sin(2 * np.pi * note * f * t) / f for f in (1, 1.26, 1.5, 2, 3))
        parts.append(np.asarray(chord) * np.exp(-t * 6))
    return np.concatenate(parts)


def disturbances(hear: Hear) -> list[dict[str, Any]]:
    """Play each noise, backchannels, and the response's own echo over a response."""
    rows = []
    rng = random.Random(9)
    for kind, sounds in {**noises(), "mhm": [say(word) for word in LISTENING] * 2}.items():
        rows.append(_disturb(hear, kind, sounds, rng))
    echoes = [_over_an_answer(hear, room(100, seed), 1000, echo=0.1) for seed in range(5)]
    stopped = sum(bool(one.of(Interrupted)) for one in echoes)
    rows.append({"kind": "own echo at -20 dB", "count": len(echoes), "stopped": stopped})
    print(rows[-1], flush=True)
    return rows


def _disturb(hear: Hear, kind: str, sounds: list[bytes], rng: random.Random) -> dict[str, Any]:
    stopped, held, resumed_ms = 0, 0, []
    for sound in sounds:
        heard = _over_an_answer(hear, sound, rng.randrange(300, 2500))
        stopped += bool(heard.of(Interrupted))
        suspected = [at for at, _ in heard.of(ev.InterruptionSuspected)]
        dismissed = [at for at, _ in heard.of(ev.InterruptionDismissed)]
        held += bool(suspected)
        resumed_ms += [b - a for a, b in zip(suspected, dismissed, strict=False)]
    row = {
        "kind": kind,
        "count": len(sounds),
        "stopped": stopped,
        "held": held,
        "held_longest_ms": max(resumed_ms, default=0),
    }
    print(row, flush=True)
    return row


def main() -> None:
    """Measure and write results/turn_taking.json."""
    hear = hearing()
    rows = pauses(hearing(by_punctuation=False), "words")
    rows += pauses(hear, "words and punctuation")
    rows += pauses(hear, "words, punctuation and language model", by_model)
    if model_download.turn_model(load().cache_dir).exists():
        rows += pauses(hearing(by_sound=True), "all these and a model of turns", by_model)
    else:
        print("Without the model of turns: aura models fetch brings it")
    save(
        "turn_taking",
        machine=machine(),
        pauses=rows,
        interruptions=interruptions(hear),
        disturbances=disturbances(hear),
    )


if __name__ == "__main__":
    main()
