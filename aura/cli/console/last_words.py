"""The last words of both sides of each call, from events and partial transcripts. Pure."""

from collections import OrderedDict
from dataclasses import dataclass

from schemas import events as ev

MOST_CALLS_REMEMBERED = 5000


@dataclass
class CallWords:
    """The last words of a call."""

    caller: str = ""
    growing: bool = False
    """Whether the caller still speaks, so that `caller` is a partial transcript."""
    aura: str = ""
    """The heard part of the last response."""


class LastWords:
    """Remembers the last words of each call until it ends."""

    def __init__(self) -> None:
        self._by_session: OrderedDict[str, CallWords] = OrderedDict()

    def note(self, event: ev.AnyEvent) -> None:
        match event:
            case ev.SessionEnded():
                self._by_session.pop(event.session, None)
            case ev.TurnCommitted(text=text) if text:
                call_words = self._changing(event.session)
                call_words.caller, call_words.growing = text, False
            case ev.AnswerHeard(text=text) if text:
                self._changing(event.session).aura = text
            case _:
                pass

    def grows(self, session: str, text: str) -> None:
        """Note a partial transcript of a running call."""
        call_words = self._changing(session)
        call_words.caller, call_words.growing = text, True

    def of(self, session: str) -> CallWords:
        return self._by_session.get(session) or CallWords()

    def _changing(self, session: str) -> CallWords:
        call_words = self._by_session.setdefault(session, CallWords())
        self._by_session.move_to_end(session)
        if len(self._by_session) > MOST_CALLS_REMEMBERED:
            self._by_session.popitem(last=False)
        return call_words
