"""The last words of both sides of each call, from events and partial transcripts. Pure."""

from collections import OrderedDict
from dataclasses import dataclass

from schemas import events as ev

MOST_CALLS_REMEMBERED = 5000


@dataclass
class Said:
    """The last words of a call."""

    caller: str = ""
    growing: bool = False
    """Whether the caller still speaks, so that `caller` is a partial transcript."""
    aura: str = ""
    """The heard part of the last response."""


class LastWords:
    """Remembers the last words of each call until it ends."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, Said] = OrderedDict()

    def take(self, event: ev.AnyEvent) -> None:
        match event:
            case ev.SessionEnded():
                self._said.pop(event.session, None)
            case ev.TurnCommitted(text=text) if text:
                said = self._of(event.session)
                said.caller, said.growing = text, False
            case ev.AnswerHeard(text=text) if text:
                self._of(event.session).aura = text
            case _:
                pass

    def grows(self, session: str, text: str) -> None:
        """Take a partial transcript of a running call."""
        said = self._of(session)
        said.caller, said.growing = text, True

    def of(self, session: str) -> Said:
        return self._said.get(session) or Said()

    def _of(self, session: str) -> Said:
        said = self._said.setdefault(session, Said())
        self._said.move_to_end(session)
        if len(self._said) > MOST_CALLS_REMEMBERED:
            self._said.popitem(last=False)
        return said
