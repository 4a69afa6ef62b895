"""Detects the echo of responses in a caller's microphone, and removes it."""

from edge.core.hearing.echo_canceller import EchoCanceller
from edge.core.hearing.echo_path import EchoPath
from edge.core.hearing.microphone_clock import MicrophoneClock
from edge.core.hearing.playing import Playing
from edge.core.messages.client_events import ClientEvent

LINGERS_MS = 300
"""The longest time that a client plays on after it was told to stop, ms."""


class Echo:
    """The echo of one connection; it takes no time while no response is played."""

    def __init__(self) -> None:
        self._playing = Playing(LINGERS_MS)
        self._clock = MicrophoneClock()
        self._path = EchoPath()
        self._canceller = EchoCanceller()
        self._may_echo = False

    def note_sent(self, event: ClientEvent, now_ms: int) -> None:
        """Note the audio that the client plays, or drops before it was played."""
        self._playing.note_sent(event, now_ms)

    def arrived(self, frames: int, now_ms: int) -> None:
        """Note that *frames* frames have just arrived; the last of them was spoken just now."""
        self._clock.arrived(frames, now_ms)

    def clean(self, frame: bytes) -> bytes:
        """Return the next *frame* (640 bytes, s16le mono 16 kHz) without echo.

        The frame is not changed until an echo was found.
        """
        played = self._playing.frame(self._clock.next_ms())
        self._may_echo = played is not None
        if played is None:
            self._path.note_silence()
            return frame
        self._path.note(frame, played)
        if self._path.found:
            return self._canceller.clean(frame, played)
        self._canceller.note(frame, played)
        return frame

    def is_all(self) -> bool:
        """Tell whether the last frame may be echo only."""
        return self._may_echo and self._path.explains()
