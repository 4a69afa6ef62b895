"""People who pause, offline: early responses against late ones, for several lengths of waits.

It uses the edge's own decisions and the real recogniser, with assumed delays of the stages. The
part `pauses` of `benchmarks.people` measures the whole program.
"""

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks.latency import machine
from benchmarks.llm_eot import eot
from benchmarks.offline import Hear, OfflineCall, Stages, began
from benchmarks.paused_sentences import recognizer, room
from benchmarks.people.pauses import judged, summed
from benchmarks.people.recordings import Recording, labelled
from benchmarks.results import save
from edge.core.endpointing.end_of_turn import WAITS
from edge.core.messages.client_events import Speech
from runtime.settings import load
from schemas.audio import BYTES_PER_MS
from schemas.session_config import SessionConfig
from workers.engines import factory, model_download
from workers.engines.protocols import Recognition

LEAD_MS = 700
HEARD_BYTES = 14_000 * BYTES_PER_MS
"""The audio before a pause that is recognised: older words would be settled by a real stage."""
FACTORS = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Factors of the waits, for the curve of early against late."""
STAGES = Stages(stt_ms=110, llm_ms=200, tts_ms=180)
"""The delays on two idle cores."""


def hearing(*, by_sound: bool) -> Hear:
    """Return the real recogniser; *by_sound*: and the turn model."""
    turns = factory.turn_model(load(turn_model="auto")) if by_sound else None
    return lambda pcm: (_heard(pcm), turns.eot_audio(pcm) if turns else None)


@functools.lru_cache(maxsize=5000)
def _heard(pcm: bytes) -> Recognition:
    heard: Recognition = recognizer().transcribe(pcm)
    return heard


def curve(recordings: Sequence[Recording], *, by_sound: bool) -> list[dict[str, Any]]:
    """Return the early and the late responses for each factor of the waits."""
    hear = hearing(by_sound=by_sound)
    witness = "with the model of turns" if by_sound else "by the words"
    rows = []
    for factor in FACTORS:
        usual = msgspec.structs.asdict(WAITS["auto"])
        waits = {name: round(ms * factor) for name, ms in usual.items()}
        begins = began(SessionConfig().but({"turns.waits": waits}))
        trials = []
        for recording in recordings:
            call = OfflineCall(
                lambda pcm: hear(pcm[-HEARD_BYTES:]),
                begins,
                answer=("Sure.", bytes(2000 * BYTES_PER_MS)),
                stages=STAGES,
                eot=eot,
            )
            heard = call.run(room(LEAD_MS) + recording.pcm + room(waits["unfinished_ms"] + 2500, 1))
            sent_ms = [float(at - LEAD_MS) for at, sound in heard.of(Speech) if sound.pcm]
            trials.append(judged(recording, sent_ms, ""))
        rows.append({"evidence": witness, "factor": factor, **summed(trials)})
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Draw the curve and write results/pauses_curve.json."""
    if not (recordings := labelled()):
        return
    rows = curve(recordings, by_sound=False)
    if model_download.turn_model(load().cache_dir).exists():
        rows += curve(recordings, by_sound=True)
    else:
        print("without the model of turns: aura models fetch")
    save("pauses_curve", machine=machine(), rows=rows)


if __name__ == "__main__":
    main()
