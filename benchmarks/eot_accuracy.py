"""How well words, punctuation and a turn model tell the end of a turn from a pause.

Each is asked in the silence after a whole sentence, and after its first part. The first part is cut
from the spoken sentence, as of a speaker who stops to think; spoken alone, with the falling voice
of a comma, it is the harder case.
"""

from typing import Any

import numpy as np

from benchmarks.latency import machine
from benchmarks.llm_eot import eot
from benchmarks.paused_sentences import MORE, PARTS, WHOLE, recognizer, room, say, split
from benchmarks.results import save
from edge.core.endpointing.end_of_turn import Evidence, is_finished, sounds_finished
from runtime.settings import load
from workers.engines import factory, model_download

SILENCE_MS = 160
"""Silence at the time of the question: a pause of 100 ms and the audio on its way."""


def _asked(pcm: bytes, turns: Any) -> dict[str, Any]:
    sound = room(300) + pcm + room(SILENCE_MS, 1)
    heard = recognizer().transcribe(sound)
    by_words, by_model = sounds_finished(heard.text, language="en"), eot(heard.text)
    return {
        "words": {True: 1.0, None: 0.5, False: 0.0}[by_words],
        "punctuation": 0.5 if heard.eot_stt is None else heard.eot_stt,
        "language model": by_model or 0.0,
        "model of turns": turns.eot_audio(sound) if turns else None,
        "finished by words": by_words is True,
        "finished by words and punctuation": is_finished(
            Evidence(heard.text, heard.eot_stt, language="en")
        )
        is True,
        "finished by all three": is_finished(
            Evidence(heard.text, heard.eot_stt, by_model, language="en")
        )
        is True,
    }


def _auc(pauses: list[float], ends: list[float]) -> float:
    """Return the probability that an end looks more like one than a pause does."""
    below = np.less.outer(pauses, ends).mean()
    return round(float(below + np.equal.outer(pauses, ends).mean() / 2), 3)


def main() -> None:
    """Ask, and write results/eot_accuracy.json."""
    has_turn_model = model_download.turn_model(load().cache_dir).exists()
    turns = factory.turn_model(load(turn_model="auto")) if has_turn_model else None
    ends = [_asked(say(text), turns) for text in WHOLE]
    cut, alone = [], []
    for first, second in PARTS + MORE:
        before, after = split(first, second)
        cut.append(_asked(before, turns))
        ends.append(_asked(before + after, turns))
        alone.append(_asked(say(first.rstrip(",.?") + ","), turns))
    rows = []
    for name in ("words", "punctuation", "language model", *(["model of turns"] if turns else [])):
        seen = [[row[name] for row in those] for those in (ends, cut, alone)]
        rows.append(
            {"witness": name, "cut": _auc(seen[1], seen[0]), "alone": _auc(seen[2], seen[0])}
        )
    shares = {
        name: [
            round(float(np.mean([row[name] for row in those])), 3) for those in (ends, cut, alone)
        ]
        for name in (
            "finished by words",
            "finished by words and punctuation",
            "finished by all three",
        )
    }
    for row in rows:
        print(row)
    print(shares)
    counted = {"ends": len(ends), "pauses": len(cut)}
    save("eot_accuracy", machine=machine(), **counted, witnesses=rows, called_finished=shares)


if __name__ == "__main__":
    main()
