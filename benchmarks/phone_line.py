"""Word error rate of people over a telephone line, beside the unchanged recordings.

    python -m benchmarks.phone_line

Offline: each recording of $AURA_BENCH_AUDIO whose words are known is cut in its pauses, as the edge
cuts utterances, and each piece is recognised by the configured engine. A line has 300 to 3,400 Hz
and mu-law at 8 kHz, and loses frames of 20 ms. Its audio passes through `TwilioProtocol`, which
fills in lost frames, and the edge's conversion to 16 kHz. Prints a table; writes
results/phone_line.json.
"""

import base64
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
from whisper_normalizer.english import EnglishTextNormalizer

from benchmarks.latency import machine
from benchmarks.people.recordings import EDGE_S, PAUSE_S, Recording, labelled
from benchmarks.results import save
from edge.core.messages.client_commands import Audio
from edge.protocols.client_protocol import Handshake
from edge.protocols.twilio import TwilioProtocol
from runtime.audio.conversion import AudioIn
from runtime.audio.g711 import encode
from runtime.audio.wav import Format
from runtime.settings import load
from runtime.text.word_errors import distance
from schemas.audio import RATE_HZ
from workers.engines import factory

Samples = npt.NDArray[np.float64]
BAND_HZ = (300, 3400)
LOSSES = (0.0, 0.02, 0.05)
"""Shares of lost frames."""
LINE_HZ = 8000
FRAME_BYTES = LINE_HZ // 50
LONGEST_S = 12.0
normalized = EnglishTextNormalizer()


def over_the_line(pcm: bytes, lost: float, rng: np.random.Generator) -> bytes:
    """Return *pcm*, s16le mono 16 kHz, after a telephone line."""
    at_line_rate = soxr.resample(np.frombuffer(pcm, "<i2").astype(np.float64), RATE_HZ, LINE_HZ)
    narrow = _band(at_line_rate)
    data = encode(np.clip(narrow, -32768, 32767).astype("<i2").tobytes(), "mulaw")
    protocol, audio_in, heard = TwilioProtocol(Handshake("conn_0")), AudioIn(), b""
    for at in range(0, len(data), FRAME_BYTES):
        if rng.random() < lost:
            continue
        payload = base64.b64encode(data[at : at + FRAME_BYTES]).decode()
        media = {"track": "inbound", "timestamp": str(at * 1000 // LINE_HZ), "payload": payload}
        for command in protocol.receive(json.dumps({"event": "media", "media": media})):
            if isinstance(command, Audio) and isinstance(command.form, Format):
                heard += audio_in.feed(command.data, command.form)
    return heard


def _band(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / LINE_HZ)
    spectrum[(hz < BAND_HZ[0]) | (hz > BAND_HZ[1])] = 0
    passed: Samples = np.fft.irfft(spectrum, len(samples))
    return passed


def pieces(recording: Recording) -> list[bytes]:
    """Return *recording*, cut in its pauses into pieces that are as long as allowed."""
    cuts, last = [], recording.speech[0] - EDGE_S
    pauses = [pause for pause in recording.pauses if pause[1] - pause[0] >= PAUSE_S]
    ends = [(begin + end) / 2 for begin, end in pauses] + [recording.speech[1] + 4 * EDGE_S]
    for at, end in enumerate(ends):
        if at + 1 == len(ends) or ends[at + 1] - last > LONGEST_S:
            cuts.append((last, end))
            last = end
    return [recording.pcm[_at(begin) : _at(end)] for begin, end in cuts]


def _at(seconds: float) -> int:
    return max(0, int(seconds * RATE_HZ)) * 2


def main() -> None:
    if not (known := labelled()):
        return
    recognizer = factory.recognizer(load())
    recognizer.warm()
    rows: list[dict[str, Any]] = []
    for name, lost in [("wideband", None), *((f"line, {x:.0%} lost", x) for x in LOSSES)]:
        rng, wrong, total = np.random.default_rng(5), 0, 0
        for recording in known:
            parts = pieces(recording)
            if lost is not None:
                parts = [over_the_line(part, lost, rng) for part in parts]
            heard = " ".join(recognizer.transcribe(part, language="en").text for part in parts)
            truth = normalized(recording.words).split()
            wrong += distance(truth, normalized(heard).split())
            total += len(truth)
        rows.append({"sound": name, "words": total, "wrong": wrong, "wer": wrong / total})
        print(f"{name:18} {wrong:4} of {total} words wrong  {wrong / total:.1%}", flush=True)
    save("phone_line", machine=machine(), model=recognizer.name, rows=rows)


if __name__ == "__main__":
    main()
