"""A turn that a lost connection committed, without its commit in the log. Pure.

The end of an utterance and the commit of its turn are decided together, and stored one by one.
"""

from collections.abc import Callable

from schemas import events as ev


class UnstoredCommit:
    """Follows a log to the end of the latest utterance whose turn was taken."""

    def __init__(self) -> None:
        self._words: ev.TranscriptGuess | None = None
        self._taken: ev.TurnTaken | None = None
        """The latest turn, unless it was committed or cancelled."""
        self._ended: ev.SpeechEnded | None = None
        """The end of its utterance; None: the turn may still go on."""

    def read(self, event: ev.Event) -> None:
        """Take an event of the log."""
        match event:
            case ev.TranscriptGuess():
                self._words = event
            case ev.TurnTaken(step=0):
                self._taken, self._ended = event, None
            case ev.TurnCommitted(turn=turn) | ev.ResponseCancelled(turn=turn):
                if self._taken and self._taken.turn == turn:
                    self._taken = None
            case ev.SpeechEnded(utterance=utterance, discarded=False, words_for=""):
                if self._taken and self._taken.utterance == utterance:
                    self._ended = event
            case ev.MessageAdded():  # its words were only entered
                self._ended = None
            case _:
                pass

    def take(self, with_carried: Callable[[str], str]) -> ev.TurnCommitted | None:
        """Return the missing commit, once; *with_carried* puts the carried words before others."""
        taken, ended, words = self._taken, self._ended, self._words
        if not (taken and ended and words):
            return None
        if (words.utterance, words.pause) != (ended.utterance, ended.pause):
            return None
        self._taken = self._ended = None
        return ev.TurnCommitted(
            tenant=ended.tenant,
            session=ended.session,
            at_ms=ended.at_ms,
            turn=taken.turn,
            text=with_carried(words.text),
            confidence=words.confidence,
            speculative=taken.speculative,
        )
