"""Prepares the caller's audio for the call: frames, voice activity, echo cancellation.

The verdicts are part of the input, so that a call can be decided again without the audio.
"""

from collections.abc import Iterator, Sequence

from edge.core.hearing.echo import Echo
from edge.core.hearing.framing import FRAME_BYTES, SILENCE
from edge.core.hearing.vad import Opinion, VoiceActivity
from edge.core.messages.client_events import ClientEvent
from edge.core.messages.inputs import Sound
from schemas.session_config import TurnConfig

FRAMES_AT_ONCE = 10
"""The frames of a long message that are processed at once: 3 ms of work with a speech model."""


class CallerAudio:
    """The audio of one connection; it adapts to the caller's voice, room and background."""

    def __init__(self, model: Opinion | None = None, *, cancel_echo: bool = False) -> None:
        """Take the speech *model*; if it is None, the detector alone decides."""
        self._rest = b""
        """An incomplete frame."""
        self._echo = Echo() if cancel_echo else None
        self._vad = VoiceActivity(model)
        self._was_alone = False
        """Whether all voices were in the background at the last `note_background`."""

    def configure(self, config: TurnConfig) -> None:
        """Use the session's configuration from now on."""
        self._vad.configure(config.threshold)

    def hear(self, pcm: bytes, now_ms: int) -> Sound:
        """Return *pcm* (s16le mono 16 kHz, any length), which ends at *now_ms*, as an input."""
        return self._judged(self._arrived(pcm, now_ms), len(pcm))

    def hear_stepwise(self, pcm: bytes, now_ms: int) -> Iterator[Sound]:
        """Yield the result of `hear` in pieces for `joined`; each step takes a bounded time."""
        arrived = self._arrived(pcm, now_ms)
        yield self._judged(arrived[:FRAMES_AT_ONCE], len(pcm))
        for at in range(FRAMES_AT_ONCE, len(arrived), FRAMES_AT_ONCE):
            yield self._judged(arrived[at : at + FRAMES_AT_ONCE], 0)

    def note_background(self) -> bool:
        """Note whether all voices of the last seconds were background; return if that is new."""
        was_alone, self._was_alone = self._was_alone, self._vad.background_is_alone
        return self._was_alone and not was_alone

    def _arrived(self, pcm: bytes, now_ms: int) -> list[bytes]:
        """Return the frames that *pcm* completes."""
        audio = self._rest + pcm if self._rest else pcm
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        arrived = frames(audio[:whole])
        if self._echo:
            self._echo.arrived(len(arrived), now_ms)
        return arrived

    def _judged(self, arrived: list[bytes], size_bytes: int) -> Sound:
        if not self._echo:
            return Sound(tuple(arrived), tuple(map(self._vad.is_voice, arrived)), size_bytes)
        cleaned, voiced = [], []
        for frame in arrived:  # voice is detected before the canceller, which removes some of it
            cleaned.append(self._echo.clean(frame))
            voiced.append(self._vad.is_voice(frame, self._echo.is_all))
        return Sound(tuple(cleaned), tuple(voiced), size_bytes)

    def note_sent(self, event: ClientEvent, now_ms: int) -> None:
        """Note the audio that the client plays, since it may return through the microphone."""
        if self._echo:
            self._echo.note_sent(event, now_ms)


def frames(pcm: bytes) -> list[bytes]:
    """Return the frames in *pcm*, which holds only whole frames."""
    if len(pcm) == FRAME_BYTES:
        return [pcm]
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


def joined(pieces: Sequence[Sound]) -> Sound:
    """Return one input made of *pieces*."""
    arrived = tuple(frame for piece in pieces for frame in piece.frames)
    voiced = tuple(voice for piece in pieces for voice in piece.voiced)
    return Sound(arrived, voiced, sum(piece.size_bytes for piece in pieces))


def silenced(sound: Sound) -> Sound:
    """Return *sound* replaced by silence of the same length."""
    count = len(sound.voiced)
    return Sound((SILENCE,) * count, (False,) * count, sound.size_bytes)
