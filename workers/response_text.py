"""From what a model writes to the pieces that are spoken: without its thoughts. Pure."""

from __future__ import annotations

from workers.sentences import SentenceCutter
from workers.thoughts import ThoughtFilter


class ResponseText:
    """Takes the deltas of one response and returns what is ready to be spoken."""

    def __init__(self, *, first: bool = True, hold: bool = False) -> None:
        """Take *first*: nothing was said yet; *hold*: this model begins inside a thought."""
        self.is_begun = False
        """There is something to say, if not yet a whole piece."""
        self._first = first
        self._thoughts = ThoughtFilter(hold=hold)
        self._cutter = SentenceCutter(first=first)

    @property
    def thought(self) -> bool:
        """There was a thought."""
        return self._thoughts.thought

    @property
    def began_inside(self) -> bool:
        """The response began inside a thought, as the end of that showed."""
        return self._thoughts.began_inside

    def feed(self, delta: str) -> list[str]:
        """Return the pieces that *delta* completed, oldest first."""
        known = self.began_inside
        text = self._thoughts.feed(delta)
        if self.began_inside and not known:
            self._cutter = SentenceCutter(first=self._first)  # what waited was a thought
        self.is_begun |= bool(text)
        return self._cutter.feed(text)

    def flush(self) -> list[str]:
        """Return the rest; the stream is over."""
        return [*self._cutter.feed(self._thoughts.flush()), *self._cutter.flush()]
