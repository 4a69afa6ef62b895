"""The messages that wait for one client, and how much of a response has left the queue. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from edge.core.messages.client_events import Interrupted, Speech
from edge.door.limits.common_bounds import message_bytes
from schemas.audio import BYTES_PER_MS


class Piece(NamedTuple):
    """The audio of a response that one message carries."""

    turn: int
    words: str
    audio_bytes: int
    """s16le mono 16 kHz."""

    @staticmethod
    def of(speech: Speech) -> Piece:
        """Return the piece, whose audio is that of the call."""
        return Piece(speech.turn, speech.text, len(speech.pcm))


class Stale(NamedTuple):
    """What an interruption took out of the queue."""

    text_bytes: int
    audio_ms: int
    interrupted: Interrupted
    """The interruption, with no more heard than has left the queue."""


class SendQueue:
    """Messages in the order in which they leave."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str | None, Piece | None]] = deque()
        self.begin()

    def begin(self) -> None:
        """Begin a session, whose turns count anew."""
        self._sent = Piece(0, "", 0)
        """The part of the latest response that has left, from its beginning."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, text: str | None, piece: Piece | None = None) -> None:
        """Append a message, which carries the audio of *piece*; None: the last one."""
        self._waiting.append((text, piece))

    def pop(self) -> str | None:
        """Return the next message of a queue that is not empty."""
        text, piece = self._waiting.popleft()
        if piece:
            before = self._sent_of(piece.turn)
            words = f"{before.words} {piece.words}"
            self._sent = Piece(piece.turn, words, before.audio_bytes + piece.audio_bytes)
        return text

    def _sent_of(self, turn: int) -> Piece:
        return self._sent if self._sent.turn == turn else Piece(turn, "", 0)

    def interrupt(self, event: Interrupted, rest_of: Callable[[str], str | None]) -> Stale:
        """Take out the audio of the interrupted response.

        *rest_of* returns what is left of a message without its audio; None: nothing.
        """
        before, self._waiting = self._waiting, deque()
        text_bytes = audio_bytes = 0
        for text, piece in before:
            if text is None or piece is None or piece.turn != event.turn:
                self._waiting.append((text, piece))
                continue
            audio_bytes += piece.audio_bytes
            text_bytes += message_bytes(text)
            if (rest := rest_of(text)) is not None:
                text_bytes -= message_bytes(rest)
                self._waiting.append((rest, None))
        sent = self._sent_of(event.turn)
        sent_ms = sent.audio_bytes // BYTES_PER_MS
        if audio_bytes and sent_ms < event.played_ms:
            event = replace(event, played_ms=sent_ms, heard=" ".join(sent.words.split()))
        self._sent = Piece(event.turn, event.heard, event.played_ms * BYTES_PER_MS)
        return Stale(text_bytes, audio_bytes // BYTES_PER_MS, event)
