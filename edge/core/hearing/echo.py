"""The echo of responses in one caller's microphone: told from a voice, and taken out once found."""

from __future__ import annotations

from edge.core.client_events import ClientEvent
from edge.core.hearing.echo_canceller import EchoCanceller
from edge.core.hearing.echo_path import EchoPath
from edge.core.hearing.microphone_clock import MicrophoneClock
from edge.core.hearing.playing import Playing


class Echo:
    """The echo of one connection; it costs no time while no response is played."""

    def __init__(self) -> None:
        self._playing = Playing()
        self._clock = MicrophoneClock()
        self._path = EchoPath()
        self._canceller = EchoCanceller()
        self._may_be_heard = False

    @property
    def found(self) -> bool:
        """An echo was found: responses come back through the microphone."""
        return self._path.found

    def told(self, event: ClientEvent, now_ms: int) -> None:
        """Note what the client plays, or drops before it was played."""
        self._playing.told(event, now_ms)

    def arrived(self, frames: int, now_ms: int) -> None:
        """Take the time of *frames* that arrived now; the last of them was spoken just now."""
        self._clock.arrived(frames, now_ms)

    def clean(self, frame: bytes) -> bytes:
        """Return the next *frame* (640 bytes, s16le mono 16 kHz) without echo.

        It stays as it is until an echo was found.
        """
        played = self._playing.frame(self._clock.next_ms())
        self._may_be_heard = played is not None
        if played is None:
            self._path.silent()
            return frame
        self._path.note(frame, played)
        if self._path.found:
            return self._canceller.clean(frame, played)
        self._canceller.note(frame, played)
        return frame

    def is_all(self) -> bool:
        """Tell whether the last frame may be nothing but echo."""
        return self._may_be_heard and self._path.explains()
