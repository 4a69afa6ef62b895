"""An utterance: its phase, and its messages to the recogniser.

    SPEAKING --pause--> AWAITS_WORDS
    AWAITS_WORDS --words--> WORDS_KNOWN
    AWAITS_WORDS --backchannel--> BACKCHANNEL
    AWAITS_WORDS, WORDS_KNOWN, BACKCHANNEL --continue--> SPEAKING
    SPEAKING, AWAITS_WORDS, WORDS_KNOWN, BACKCHANNEL --end--> ENDED

Frames are joined to audio messages, and pauses are marked in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.hearing.framing import FRAME_MS
from runtime.moves import moved
from schemas.audio import AudioFrame
from schemas.events import TranscriptGuess

FRAMES_PER_MESSAGE = 5
"""The frames in an audio message: 100 ms cost half of 20 ms, and a pause is sent at once."""
SPLIT_MS = 60_000
"""A longer utterance ends at its next pause with known words, though the caller goes on: each event
holds all words of its utterance, so the log would grow with the square of the length."""
LONGEST_MS = 5 * 60_000
"""A longer utterance ends at once: it has had no such pause."""


class UtterancePhase(Enum):
    """The phases of an utterance."""

    SPEAKING = auto()
    AWAITS_WORDS = auto()
    """The caller has paused, and the recogniser was asked for the words."""
    WORDS_KNOWN = auto()
    """The words up to the pause set the silence that ends the turn."""
    BACKCHANNEL = auto()
    """The words are a backchannel to the response; a short silence discards them."""
    ENDED = auto()
    """It is committed, discarded or handed in, or goes on in another utterance."""


class UtteranceMove(Enum):
    """An input that changes the phase."""

    PAUSE = auto()
    WORDS = auto()
    BACKCHANNEL = auto()
    CONTINUE = auto()
    END = auto()


_SPEAKING, _AWAITS, _KNOWN, _BACKCHANNEL, _ENDED = UtterancePhase
UTTERANCE_MOVES: Mapping[tuple[UtterancePhase, UtteranceMove], UtterancePhase] = {
    (_SPEAKING, UtteranceMove.PAUSE): _AWAITS,
    (_AWAITS, UtteranceMove.WORDS): _KNOWN,
    (_AWAITS, UtteranceMove.BACKCHANNEL): _BACKCHANNEL,
    (_AWAITS, UtteranceMove.CONTINUE): _SPEAKING,
    (_KNOWN, UtteranceMove.CONTINUE): _SPEAKING,
    (_BACKCHANNEL, UtteranceMove.CONTINUE): _SPEAKING,
    (_SPEAKING, UtteranceMove.END): _ENDED,
    (_AWAITS, UtteranceMove.END): _ENDED,
    (_KNOWN, UtteranceMove.END): _ENDED,
    (_BACKCHANNEL, UtteranceMove.END): _ENDED,
}


class Onset(Enum):
    """The beginning of an utterance, and its meaning for the turn."""

    NEW_TURN = auto()
    REPLY = auto()
    """It began over the last words of a question, so that it is a reply and no interruption."""
    CONTINUES = auto()
    """It began just after the first sound of a response, so that it continues the turn before."""
    SPLIT = auto()
    """It continues a long utterance whose words are entered into the conversation."""


@dataclass
class Utterance:
    """The state of an utterance at the edge."""

    number: int
    phase: UtterancePhase = UtterancePhase.SPEAKING
    over_response: bool = False
    """Whether it began while a response was heard or on its way."""
    onset: Onset = Onset.NEW_TURN
    silence_before_ms: int = 0
    """The silence between the turn before and an utterance that goes on with it."""
    least_confidence: float = 0.0
    """Words of less confidence are ignored: the voices may be background only."""
    pause: int = 0
    """The number of its pauses so far."""
    speech_end_ms: int = 0
    """The time of the last voiced frame at the latest pause, Unix ms."""
    paused_ms: int = 0
    """The time at which the latest pause was noticed, Unix ms."""
    transcript: TranscriptGuess | None = None
    """The words up to the latest pause, once they have arrived."""
    transcript_at_ms: int = 0
    speculated_pause: int = 0
    """The latest pause for which a speculative response was requested."""
    ended_pause: int = 0
    """The latest pause at which the client ended the turn."""
    audio_ms: int = 0
    voice_ms: int = 0
    """The voiced audio since the last pause that was longer than a breath."""
    _sent_ms: int = 0
    _continued_ms: int = 0
    _seq: int = 0
    _frames: list[bytes] = field(default_factory=list)

    @property
    def is_split(self) -> bool:
        return self.onset is Onset.SPLIT

    @property
    def awaits_words(self) -> bool:
        """Whether the caller has paused, and the words up to the pause have not arrived."""
        return self.phase is UtterancePhase.AWAITS_WORDS

    @property
    def ended_by_client(self) -> bool:
        """Whether the client has ended the turn at the present pause."""
        return 0 < self.ended_pause == self.pause

    def add(self, frame: bytes) -> AudioFrame | None:
        """Add a frame, and return an audio message if one is full."""
        self._frames.append(frame)
        self.audio_ms += FRAME_MS
        return self._message() if len(self._frames) >= FRAMES_PER_MESSAGE else None

    def note_words(self, words: TranscriptGuess, now_ms: int, *, backchannel: bool) -> None:
        """Note the *words* up to the latest pause, which are awaited."""
        self.transcript, self.transcript_at_ms = words, now_ms
        self.move(UtteranceMove.BACKCHANNEL if backchannel else UtteranceMove.WORDS)

    def mark_pause(self) -> AudioFrame:
        """Return the rest as a message whose mark asks for the words so far."""
        self.move(UtteranceMove.PAUSE)
        self.pause += 1
        self.transcript = None
        return self._message(pause=self.pause)

    def move(self, move: UtteranceMove) -> None:
        """Enter the phase after *move*.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(UTTERANCE_MOVES, self.phase, move)

    def mark_continued(self) -> None:
        """Mark the next message: the caller goes on with the next frame."""
        self.move(UtteranceMove.CONTINUE)
        self._continued_ms = self.audio_ms

    def end(self, final_pause: int) -> AudioFrame:
        """Return the rest, marked as the end; see `AudioFrame.final_pause`."""
        self.move(UtteranceMove.END)
        return self._message(end=True, final_pause=final_pause)

    def _message(self, *, pause: int = 0, end: bool = False, final_pause: int = 0) -> AudioFrame:
        pcm = b"".join(self._frames)
        self._frames.clear()
        self._seq += 1
        message = AudioFrame(
            seq=self._seq - 1,
            pcm=pcm,
            pause=pause,
            end=end,
            final_pause=final_pause,
            from_ms=self._sent_ms,
            continued_ms=self._continued_ms,
        )
        self._sent_ms, self._continued_ms = self.audio_ms, 0
        return message
