"""Word error rate and time of Whisper with its 30 s window and with Aura's short ones.

    python benchmarks/stt_window.py [--audio DIR] [--model tiny.en] [--threads 1] [--repeat 3]

Speech is made with Piper, so it needs no recordings. DIR adds recordings: each x.wav (mono, s16, 16
kHz) with its words in x.txt beside it. Every sentence is recognised three times: clean, with noise
15 dB below it, and through a telephone's 8 kHz. Prints a table; writes results/stt_window.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from faster_whisper import WhisperModel
from whisper_normalizer.english import EnglishTextNormalizer

from runtime.settings import load
from runtime.word_errors import distance
from schemas.audio import RATE_HZ
from workers.engines import factory, weights
from workers.engines.stt import whisper

Floats = npt.NDArray[np.float32]
RESULTS = Path(__file__).parent / "results" / "stt_window.json"
CACHE = Path("~/.cache/aura")
SENTENCES = (
    "Can you book a table for four at seven tomorrow evening?",
    "I would like to change my address.",
    "What time does the last train to London leave?",
    "Yes, please go ahead.",
    "No, that is wrong, I said the blue one.",
    "My name is Margaret Collins and I live in Bristol.",
    "How much does it cost to send a parcel to Canada?",
    "The printer on the second floor is out of paper again.",
    "Please turn off the lights in the kitchen.",
    "Is there a pharmacy that is open on Sunday?",
    "I need to speak to somebody about my bill.",
    "It started raining just as we left the house.",
    "Could you send me the invoice by email instead?",
    "She bought two pounds of apples and a loaf of bread.",
    "Thank you very much, that was all I wanted to know.",
    "The meeting has been moved to Thursday morning.",
    "Which bus goes to the airport from here?",
    "I forgot my password and the reset link does not work.",
    "Set a timer for ten minutes.",
    "He has been a teacher at that school for almost twenty years.",
    "Do you have this jacket in a larger size?",
    "Play some quiet music, please.",
    "There is a strange noise coming from the engine when I brake.",
    "We are planning a trip to Norway next summer.",
    "Cancel my appointment with the dentist.",
    "The museum is closed on Mondays, but the garden is always open.",
    "Tell me a story about a dragon who was afraid of the dark.",
    "My flight was delayed by three hours because of the fog.",
    "How do I get a refund for these shoes?",
    "Remind me to call my mother tonight.",
    "The internet has been down since yesterday afternoon.",
    "Would you like tea or coffee with your breakfast?",
    "I am not sure whether the package was delivered or not.",
    "Turn left at the church and then drive straight on.",
    "How many people live in New Zealand?",
    "That sounds good to me.",
    "Yes.",
    "No, thank you.",
    "Hello, how are you today?",
    "What is the capital of France?",
    "Please tell me a short joke while we wait.",
    "I would like to move my appointment from Tuesday morning to Friday afternoon.",
    "Can you tell me two facts about the moon?",
    "My order number is four seven one nine, and it has not arrived yet.",
    "The weather in Paris this afternoon is sunny, with a light wind from the west.",
    "Could you please repeat that? I did not hear the last part, because my dog was barking.",
    "I called last week about a broken heating system. The technician came on Monday, but it "
    "stopped again on Wednesday night, and now the whole house is cold.",
    "Good morning. I am looking for a hotel room for two people. We arrive on the third of May "
    "and we stay for four nights. We would like a quiet room with breakfast.",
    "Goodbye.",
    "Stop, stop, stop, that is not what I asked.",
)
KNOWN = {  # the words of the project's two recordings
    "jfk": "And so my fellow Americans ask not what your country can do for you "
    "ask what you can do for your country",
    "lj050-0131": "unless a system is established for the frequent formal review of activities "
    "thereunder in this regard",
}
normalized = EnglishTextNormalizer()
"""Normalises texts as Whisper's paper does: "3" is "three", "ill-disposed" is "ill disposed"."""


def spoken(takes: int = 1) -> list[tuple[str, Floats]]:
    """Return each sentence *takes* times; no two takes are alike."""
    voice = factory.synthesizer(load(tts_engine="piper", cache_dir=CACHE), noise=True)
    clips = []
    for at, text in enumerate(SENTENCES * takes):
        pcm = np.frombuffer(b"".join(voice.synthesize(text)), "<i2").astype(np.float32) / 32768
        audio = np.concatenate([np.zeros(3200, np.float32), pcm, np.zeros(3200, np.float32)])
        hiss = np.random.default_rng(at).normal(0, 0.001, len(audio))
        clips.append((text, (audio + hiss).astype(np.float32)))
    return clips


def recorded(folder: Path) -> list[tuple[str, Floats]]:
    clips: list[tuple[str, Floats]] = []
    for path in sorted(folder.glob("*.wav")):
        beside = path.with_suffix(".txt")
        text = beside.read_text() if beside.exists() else KNOWN.get(path.stem)
        if text is None:
            print(f"{path.name} is left out: no {beside.name}")
            continue
        with wave.open(str(path)) as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        clips.append((text, pcm.astype(np.float32) / np.float32(32768)))
    return clips


def degraded(audio: Floats) -> dict[str, Floats]:
    level = float(np.sqrt(np.square(audio).mean())) / 10 ** (15 / 20)
    noise = np.random.default_rng(1).normal(0, level, len(audio))
    narrow = soxr.resample(soxr.resample(audio, RATE_HZ, 8000), 8000, RATE_HZ)
    return {
        "clean": audio,
        "noise 15 dB": np.clip(audio + noise, -1, 1).astype(np.float32),
        "phone": (narrow * 0.3).astype(np.float32),
    }


def words(text: str) -> list[str]:
    plain: str = normalized(text)
    return plain.split()


def ways(model: str, threads: int) -> dict[str, Callable[[Floats], str]]:
    found = weights.find(model, CACHE)
    folder = str(found.parent if found and found.is_file() else found or model)
    plain = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads)
    ours = whisper.WhisperRecognizer(model, cache=CACHE, threads=threads)
    fifteen = whisper.WhisperRecognizer(model, cache=CACHE, threads=threads, narrow_s=(15.0,))

    def transcribed(audio: Floats, **options: object) -> str:
        segments, _ = plain.transcribe(audio, language="en", **options)
        return "".join(segment.text for segment in segments)

    def pcm(audio: Floats) -> bytes:
        return (np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()

    greedy = {"beam_size": 1, "without_timestamps": True, "condition_on_previous_text": False}
    return {
        "faster-whisper defaults": transcribed,
        "30 s window, greedy": lambda audio: transcribed(audio, **greedy),
        "15 s window first": lambda audio: fifteen.transcribe(pcm(audio), language="en").text,
        "Aura, the shortest window that fits": lambda audio: (
            ours.transcribe(pcm(audio), language="en").text
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--audio", type=Path)
    parser.add_argument("--model", default="tiny.en")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()

    clips = spoken() + (recorded(asked.audio) if asked.audio else [])
    heard = [(text, kind, a) for text, audio in clips for kind, a in degraded(audio).items()]
    table = []
    print(f"{'':36}{'WER %':>7}{'clean %':>9}{'p50 ms':>8}{'<=4 s':>7}{'p90':>6}{'max':>6}")
    for name, listen in ways(asked.model, asked.threads).items():
        listen(heard[0][2])  # the first run of a model allocates
        rows = []
        for text, kind, audio in heard:
            times, got = [], ""
            for _ in range(asked.repeat if kind == "clean" else 1):
                began = time.perf_counter()
                got = listen(audio)
                times.append((time.perf_counter() - began) * 1000)
            wrong, count = distance(words(text), words(got)), len(words(text))
            rows.append((kind, wrong, count, statistics.median(times), len(audio) / RATE_HZ))
        took = sorted(row[3] for row in rows)
        clean = [row for row in rows if row[0] == "clean"]
        line = {
            "way": name,
            "wer_percent": round(100 * sum(r[1] for r in rows) / sum(r[2] for r in rows), 2),
            "wer_clean_percent": round(
                100 * sum(r[1] for r in clean) / sum(r[2] for r in clean), 2
            ),
            "p50_ms": round(statistics.median(took)),
            "p50_short_ms": round(statistics.median(r[3] for r in rows if r[4] <= 4)),
            "p90_ms": round(took[int(0.9 * len(took))]),
            "max_ms": round(took[-1]),
        }
        table.append(line)
        numbers = list(line.values())[1:]
        print(
            f"{name:36}"
            + "".join(f"{n:>{w}}" for n, w in zip(numbers, (7, 9, 8, 7, 6, 6), strict=True))
        )
    RESULTS.parent.mkdir(exist_ok=True)
    result = {"model": asked.model, "threads": asked.threads, "clips": len(heard), "ways": table}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
