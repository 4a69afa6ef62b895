"""Echoes of a loudspeaker, offline: how often they and how reliably callers are detected.

There is no clock, no network and no engine but the voice: the edge's hearing runs in simulated
time, the same way each time. Responses are sent at the edge's own pace, and played by a client that
gets them with the network's jitter. Their echo is quieter, late and passes a room. People speak
over some of them; callers with a headset have no echo.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.echo_scene import NOISE_RMS, Line, Scene
from benchmarks.people.recordings import first_loud_s
from benchmarks.recordings import people
from benchmarks.results import save
from edge.call.speech_model import SileroModel, find
from edge.core.hearing.caller_audio import CallerAudio
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.hearing.segmenter import Segmenter
from edge.core.hearing.speech_detector import SpeechChange
from edge.core.inputs import Sound
from runtime.settings import load
from schemas.audio import BYTES_PER_MS, RATE_HZ
from schemas.session_config import Delivery, TurnConfig
from workers.engines import factory

START_MS = 1_000_000
STOP_MS = 450
"""The length of voice over a response that stops it."""
SOON_MS = 800
"""The latest time after a caller's first sound by which STOP_MS of voice must be detected."""
SPEAK_MS = 3000
PERSON_RMS = 2000.0
"""The level of a recording's loudest half, -24 dBFS."""
RESPONSES = (
    (
        "Once upon a time there was a small village beside a long and quiet river.",
        "The people who lived there baked bread, mended nets and told each other stories.",
        "One evening a stranger came over the old bridge with a lantern and a wooden box.",
    ),
    (
        "Sure, I can do that.",
        "Your appointment is on Thursday at half past three, with Doctor Miller.",
    ),
    (
        "The weather in Paris is mild today, with light rain in the afternoon.",
        "Take an umbrella with you, and perhaps a warm coat for the evening.",
        "Tomorrow the sun comes back, and it will be eighteen degrees.",
    ),
    ("Yes.", "We are open from nine to five, Monday to Friday, and on Saturday until noon."),
)


@dataclass
class Heard:
    """What the edge detected."""

    voiced: list[bool] = field(default_factory=list)
    audio: bytearray = field(default_factory=bytearray)
    begun_ms: list[int] = field(default_factory=list)
    """The starts of utterances, ms of the microphone's time."""
    stops_ms: list[int] = field(default_factory=list)
    """The times at which an utterance had enough voice to stop a response."""
    cpu_s: float = 0.0


def listen(scene: Scene, audio: CallerAudio) -> Heard:
    """Drive the edge's hearing through *scene*."""
    heard, segmenter = Heard(), Segmenter(TurnConfig(), 0, lambda _: None)
    to_tell, stopped = list(reversed(scene.told)), 0
    for number, (arrives_ms, frame) in enumerate(scene.packets(), 1):
        began = time.process_time()
        while to_tell and to_tell[-1][0] <= arrives_ms:
            sent_ms, speech = to_tell.pop()
            audio.note_sent(speech, START_MS + sent_ms)
        sound: Sound = audio.hear(frame, START_MS + arrives_ms)
        heard.cpu_s += time.process_time() - began
        heard.voiced += sound.voiced
        heard.audio += b"".join(sound.frames)
        for notice in segmenter.hear(sound, START_MS + arrives_ms):
            if notice.change is SpeechChange.STARTED:
                heard.begun_ms.append(number * FRAME_MS)
        utterance = segmenter.utterance
        if utterance is None:
            continue
        utterance.over_response = True  # as over a response: each frame is analysed
        if utterance.voice_ms >= STOP_MS and stopped < utterance.number:
            stopped = utterance.number
            heard.stops_ms.append(number * FRAME_MS)
        if segmenter.silence_ms >= 400:
            segmenter.close(stands=0)
    return heard


class Hearing:
    """Makes the edge's hearing, with Silero's model."""

    def __init__(self) -> None:
        path = find()
        if path is None:
            raise SystemExit("echo_offline needs onnxruntime and faster-whisper's files")
        self._model = SileroModel(path)

    def open(self, *, cancel_echo: bool = True) -> CallerAudio:
        return CallerAudio(self._model.opinion(), cancel_echo=cancel_echo)


def said() -> list[list[bytes]]:
    """Return RESPONSES in Aura's own voice."""
    voice = factory.synthesizer(load(tts_engine="piper"))
    return [[b"".join(voice.synthesize(text)) for text in texts] for texts in RESPONSES]


def person(pcm: bytes) -> bytes:
    """Return the beginning of a recording, at the level of a telephone call."""
    begins = max(0, round(first_loud_s(pcm) / 0.02) - 3) * FRAME_BYTES
    sound = np.frombuffer(pcm[begins : begins + SPEAK_MS * BYTES_PER_MS], "<i2").astype(float)
    loud = np.sort(sound**2)[sound.size // 2 :].mean() ** 0.5
    louder = np.clip(sound * PERSON_RMS / loud, -32768, 32767)
    return bytes(louder.astype("<i2"))


_KINDS: tuple[tuple[int, int, int, Delivery], ...] = (
    (50, 0, 0, "chunks"),
    (50, 3, 60, "sentences"),
    (150, 1, 30, "sentences"),
    (150, 2, 100, "chunks"),
    (250, 3, 0, "chunks"),
    (400, 0, 100, "sentences"),
    (400, 2, 30, "chunks"),
)
LINES = [
    Line(gain_db, delay_ms, room, jitter_ms, delivery)
    for gain_db in (-6, -10, -14, -20)
    for delay_ms, room, jitter_ms, delivery in _KINDS
]
DELIVERIES: tuple[Delivery, ...] = ("chunks", "sentences")
HEADSETS = [
    Line(None, jitter_ms=jitter, delivery=delivery) for jitter in (0, 60) for delivery in DELIVERIES
]


def echo_alone(line: Line, responses: list[list[bytes]], hearing: Hearing) -> dict[str, Any]:
    """Count what is detected while the caller says nothing."""
    scene = Scene(line, responses)
    heard = listen(scene, hearing.open())
    return {
        **vars(line),
        "minutes": scene.length_ms / 60_000,
        "voiced_frames": sum(heard.voiced),
        "begun": len(heard.begun_ms),
        "stops": len(heard.stops_ms),
        "cpu_ms_a_frame": 1000 * heard.cpu_s / max(1, len(heard.voiced)),
    }


INTO_MS = (300, 1300, 2700)
"""The time after a response's start at which a person speaks over it."""


def heard_alone(pcm: bytes, hearing: Hearing) -> tuple[int | None, int]:
    """Return when a person is detected without an echo, ms from their first sound, and how long.

    How long: in frames of voice.
    """
    scene = Scene(Line(None), [])
    scene.microphone = np.random.default_rng(1).normal(0, NOISE_RMS, 5 * RATE_HZ)
    scene.speaks(pcm, 1000)
    heard = listen(scene, hearing.open(cancel_echo=False))
    return after(heard.stops_ms, 1000), sum(heard.voiced)


def over_it(
    line: Line, responses: list[list[bytes]], voices: dict[str, bytes], hearing: Hearing
) -> Iterator[dict[str, Any]]:
    """Let each person speak over the first response, and over the third in another call."""
    for number, (name, pcm) in enumerate(voices.items()):
        alone_ms, frames = heard_alone(pcm, hearing)
        for turn in (0, 2):
            scene = Scene(line, responses[: turn + 1], seed=number)
            at_ms = scene.begins[turn] + INTO_MS[(number + turn) % len(INTO_MS)]
            at_ms += line.delay_ms if line.gain_db is not None else 0
            at_ms -= at_ms % FRAME_MS
            scene.speaks(pcm, at_ms)
            heard = listen(scene, hearing.open())
            window = slice(at_ms // FRAME_MS, (at_ms + SPEAK_MS) // FRAME_MS)
            sent = np.clip(np.round(scene.microphone), -32768, 32767).astype("<i2").tobytes()
            yield {
                "who": name,
                "into_ms": at_ms - scene.begins[turn],
                "first_response": not turn,
                "heard_ms": after(heard.stops_ms, at_ms),
                "alone_ms": alone_ms,
                "voiced": sum(heard.voiced[window]) / max(1, frames),
                "audio_kept": bytes(heard.audio) == sent[: len(heard.audio)],
            }


def after(stops_ms: list[int], at_ms: int) -> int | None:
    """Return the time from *at_ms* to the first of *stops_ms* while the person spoke."""
    return next((ms - at_ms for ms in stops_ms if 0 < ms - at_ms <= SPEAK_MS), None)


def late(one: dict[str, Any]) -> bool:
    """Return whether a person was detected too late, though in time without an echo."""
    if one["alone_ms"] is None:
        return False
    limit = max(SOON_MS, one["alone_ms"] + 100)
    return one["heard_ms"] is None or one["heard_ms"] > limit


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many people were detected, and how much later than without an echo."""
    counted = [one for one in found if one["alone_ms"] is not None]
    later = [one["heard_ms"] - one["alone_ms"] for one in counted if one["heard_ms"]]
    return {
        "people": len(counted),
        "missed": sum(one["heard_ms"] is None for one in counted),
        "late_or_missed": sum(map(late, counted)),
        "later_than_alone_ms_p50": float(np.median(later)),
        "later_than_alone_ms_p95": float(np.percentile(later, 95)),
        "voiced_share_mean": float(np.mean([one["voiced"] for one in found])),
        "audio_kept": sum(one["audio_kept"] for one in found),
    }


def main() -> None:
    """Print and save the figures of echoes, of people over them, and of people with headsets."""
    hearing, responses = Hearing(), said()
    voices = {name: person(pcm) for name, pcm in people().items()}
    quick = bool(os.environ.get("AURA_BENCH_QUICK"))
    lines = LINES[::3] if quick else LINES
    print("offline, in simulated time; echo alone")
    alone = []
    for line in lines:
        one = echo_alone(line, responses, hearing)
        print({key: round(v, 3) if isinstance(v, float) else v for key, v in one.items()})
        alone.append(one)
    total: Counter[str] = Counter()
    for one in alone:
        total.update({key: one[key] for key in ("minutes", "voiced_frames", "begun", "stops")})
    print("all:", dict(total))
    over = {}
    for what, these in (("echo", lines[::3]), ("headset", HEADSETS[: 2 if quick else 4])):
        found = [
            {**vars(line), **one}
            for line in these
            for one in over_it(line, responses, voices, hearing)
        ]
        over[what] = summary(found)
        print(f"people, {what}:", over[what])
        for one in filter(late, found):
            print("   late:", one)
    if not quick:
        save(
            "echo_offline", offline=True, echo_alone_all=dict(total), echo_alone=alone, people=over
        )


if __name__ == "__main__":
    main()
