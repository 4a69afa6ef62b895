"""The response that plays on a WebRTC client's audio track, reported by `output_audio_buffer.*`.

A response plays from its first sound until its last sound was played, or until it is cut.
"""

from edge.protocols.client_protocol import Json
from edge.protocols.realtime.wire import Ids


class OutputBuffer:
    """The audio track to one client."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._playing: tuple[int, str] | None = None
        """The turn and the id of the response that plays, or None if the track is silent."""

    @property
    def is_playing(self) -> bool:
        return self._playing is not None

    def started(self, turn: int, response: str) -> list[Json]:
        """Note that audio of *response*, to *turn*, plays."""
        if self._playing == (turn, response):
            return []
        before = self.stopped(self._playing[0]) if self._playing else []
        self._playing = (turn, response)
        return [*before, self._event("started", response)]

    def stopped(self, turn: int) -> list[Json]:
        """Note that all audio of the response to *turn* was played."""
        return self._silent(turn, "stopped")

    def cleared(self, turn: int) -> list[Json]:
        """Note that the rest of the response was dropped."""
        return self._silent(turn, "cleared")

    def _silent(self, turn: int, what: str) -> list[Json]:
        if self._playing is None or self._playing[0] != turn:
            return []
        (_, response), self._playing = self._playing, None
        return [self._event(what, response)]

    def _event(self, what: str, response: str) -> Json:
        return self._ids.event(f"output_audio_buffer.{what}", response_id=response)
