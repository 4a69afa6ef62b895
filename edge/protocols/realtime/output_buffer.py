"""The response that plays on a WebRTC client's audio track, reported by `output_audio_buffer.*`.

A response plays from its first sound until its last sound was played, or until it is cut.
"""

from edge.protocols.client_protocol import Json
from edge.protocols.realtime.wire import Ids


class OutputBuffer:
    """The audio track to one client."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._turn: int | None = None
        """The id of the response that plays, or None if the track is silent."""
        self._response = ""

    @property
    def is_playing(self) -> bool:
        return self._turn is not None

    def started(self, turn: int, response: str) -> list[Json]:
        """Note that audio of *response*, to *turn*, plays."""
        if (turn, response) == (self._turn, self._response):
            return []
        before = self.stopped(self._turn) if self._turn is not None else []
        self._turn, self._response = turn, response
        return [*before, self._event("started")]

    def stopped(self, turn: int) -> list[Json]:
        """Note that all audio of the response to *turn* was played."""
        return self._silent(turn, "stopped")

    def cleared(self, turn: int) -> list[Json]:
        """Note that the rest of the response was dropped."""
        return self._silent(turn, "cleared")

    def _silent(self, turn: int, why: str) -> list[Json]:
        if turn != self._turn:
            return []
        event = self._event(why)
        self._turn, self._response = None, ""
        return [event]

    def _event(self, what: str) -> Json:
        return self._ids.event(f"output_audio_buffer.{what}", response_id=self._response)
