"""The awaited words of utterances that have ended, also restored from the log. Pure.

`speech.ended` tells what the words are for; the final transcript brings them, perhaps only to a
later connection.
"""

from dataclasses import dataclass, field

from edge.core.session.message_names import speech_key
from schemas import events as ev
from schemas.control import End, Mute


@dataclass
class AwaitedWords:
    """The utterances whose words are awaited."""

    ends: dict[int, ev.SpeechEnded] = field(default_factory=dict)
    """The end of each, by its number."""
    resumed_ms: int = 0
    """The time of the latest resume, Unix ms; 0: there was none."""

    def use_of(self, utterance: int) -> ev.WordsUse:
        """Return what the words of *utterance* are for; empty: they are not awaited."""
        ended = self.ends.get(utterance)
        return ended.words_for if ended else ""

    def _ends_for(self, use: ev.WordsUse) -> list[ev.SpeechEnded]:
        return [ended for ended in self.ends.values() if ended.words_for == use]

    @property
    def has_turn(self) -> bool:
        """Whether words of a turn are awaited."""
        return bool(self.ends) and bool(self._ends_for("turn"))

    @property
    def has_cut(self) -> bool:
        """Whether words before a turn that this connection takes are awaited.

        For those of an earlier connection no turn waits: they may never come.
        """
        return any(ended.at_ms >= self.resumed_ms for ended in self._ends_for("next_turn"))

    @property
    def since_ms(self) -> int | None:
        """The time since which this connection awaits the words of a turn, Unix ms."""
        times = [ended.at_ms for ended in self._ends_for("turn")]
        return max(min(times), self.resumed_ms) if times else None

    @property
    def oldest_turn(self) -> int:
        """The utterance of the turn that is awaited longest; 0: no turn is awaited."""
        return min((ended.utterance for ended in self._ends_for("turn")), default=0)

    def take(self, utterance: int) -> ev.WordsUse:
        """Return what the words of *utterance* are for, and await them no more."""
        use = self.use_of(utterance)
        self.ends.pop(utterance, None)
        return use

    def lose(self, utterance: int) -> None:
        """Note that the words of *utterance* will not come: if it was cut, no turn waits for it."""
        if self.use_of(utterance) == "next_turn":
            del self.ends[utterance]

    def give_up(self, utterance: int) -> None:
        """Await the words of *utterance* no more; 0: of none."""
        if utterance:
            self.ends.pop(utterance, None)
        else:
            self.ends.clear()

    def take_recorded(self, final: ev.TranscriptFinal) -> ev.WordsUse:
        """Take words from the log; those of a turn are awaited until they are entered."""
        use = self.use_of(final.utterance)
        return "" if use == "turn" and final.text else self.take(final.utterance)

    def read(self, event: ev.Event) -> None:
        """Take an event of the log."""
        match event:
            case ev.SpeechEnded(utterance=number) if event.words_for:
                self.ends[number] = event
            case ev.MessageAdded(key=key):
                self.ends = {n: ended for n, ended in self.ends.items() if speech_key(n) != key}
            case ev.JobFailed(stage="stt", utterance=number):
                self.lose(number)
            case ev.TroubleTold(stage="stt", utterance=number):
                self.give_up(number)
            case ev.ControlReceived(command=End() | Mute("caller", True)):
                self.ends.clear()
            case ev.SessionResumed(at_ms=at_ms):
                self.resumed_ms = at_ms
            case _:
                pass
