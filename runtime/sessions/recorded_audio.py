"""The recorded audio of a session, both sides aligned on the edge's clock."""

import typing
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.audio.conversion import write_wav
from runtime.bus.reader import Stored
from schemas import codec
from schemas.audio import BYTES_PER_MS, RATE_HZ, RecordedSound, SoundSide

SIDES = typing.get_args(SoundSide)
ROUNDING_GAP_MS = 60
"""A smaller gap between two pieces is closed, since it comes from rounding times to ms."""
MOST_MS = 12 * 3_600_000


class NotRecordedError(ValueError):
    """No audio was recorded."""


def sides(stored: Sequence[Stored]) -> tuple[int, dict[str, bytes]]:
    """Return the start of the recorded audio (Unix ms) and the audio of each side from then on.

    Audio is s16le mono 16 kHz; both sides have the same length.

    Raises:
        NotRecordedError: no audio was recorded.
    """
    pieces: dict[str, list[RecordedSound]] = {side: [] for side in SIDES}
    for message in stored:
        side = message.subject.rpartition(".")[2]
        if side in pieces:
            pieces[side].append(codec.decode_as(RecordedSound, message.data))
    everything = [piece for side in pieces.values() for piece in side]
    if not everything:
        raise NotRecordedError
    start_ms = min(piece.from_ms for piece in everything)
    end_ms = max(piece.from_ms + len(piece.pcm) // BYTES_PER_MS for piece in everything)
    length_ms = min(end_ms - start_ms, MOST_MS)
    tracks = {side: _laid_out(pieces[side], start_ms, length_ms) for side in SIDES}
    return start_ms, {side: track.tobytes() for side, track in tracks.items()}


def delivered(stored: Sequence[Stored]) -> bytes:
    """Return the audio of one side up to the first reconnect, without the gaps between pieces.

    Each connection counts its pieces from 0, so a smaller number marks a reconnect.
    """
    pieces: list[RecordedSound] = []
    for message in stored:
        piece = codec.decode_as(RecordedSound, message.data)
        if pieces and piece.seq <= pieces[-1].seq:
            break
        pieces.append(piece)
    return b"".join(piece.pcm for piece in pieces)


def since(stored: Sequence[Stored], from_ms: int) -> dict[str, bytes]:
    """Return the audio of each side from *from_ms* (Unix ms) on, s16le mono 16 kHz.

    Raises:
        NotRecordedError: no audio was recorded.
    """
    start_ms, heard = sides(stored)
    before = max(0, start_ms - from_ms) * BYTES_PER_MS
    cut = max(0, from_ms - start_ms) * BYTES_PER_MS
    return {side: bytes(before) + pcm[cut:] for side, pcm in heard.items()}


def _laid_out(pieces: list[RecordedSound], start_ms: int, length_ms: int) -> NDArray[np.int16]:
    track = np.zeros(length_ms * RATE_HZ // 1000, np.int16)
    end = 0
    for piece in sorted(pieces, key=lambda recorded: recorded.from_ms):
        at = (piece.from_ms - start_ms) * RATE_HZ // 1000
        if abs(at - end) <= ROUNDING_GAP_MS * RATE_HZ // 1000:
            at = end
        samples = np.frombuffer(piece.pcm, "<i2")[: max(0, track.size - at)]
        track[at : at + samples.size] = samples
        end = at + samples.size
    return track


def stereo_wav(stored: Sequence[Stored]) -> bytes:
    """Return a stereo WAV: the caller left, the responses right, aligned in time.

    Raises:
        NotRecordedError: no audio was recorded.
    """
    _, heard = sides(stored)
    left, right = (np.frombuffer(heard[side], "<i2") for side in SIDES)
    return write_wav(np.stack([left, right], axis=1).tobytes(), channels=2)
