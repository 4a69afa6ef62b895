"""Turns and responses of a client that steers its call.

A client may end the caller's turns itself; their words are entered into the conversation when they
arrive. Requested responses are made one after the other.
"""

from collections import deque

from edge.core.client_events import CallerTranscript, TurnHandedIn
from edge.core.effects import Outbox
from edge.core.inputs import ItemAdded, ItemRemoved, ResponseRequested
from edge.core.response.responder import Responder
from edge.core.session.history import History
from schemas import events as ev


class ClientTurns:
    """The turns and requests of a client that are still pending."""

    def __init__(self, responder: Responder, history: History, out: Outbox) -> None:
        self._current = responder.current
        self._requester = responder.requester
        self._history = history
        self._out = out
        self.handed_in: dict[int, int] = {}
        """Utterances that the client ended and whose words have not arrived, with the time of the
        end, Unix ms."""
        self._requested: deque[ResponseRequested] = deque()
        """Requested responses that have not begun."""

    @property
    def pending(self) -> bool:
        """Whether words are awaited or a requested response has not begun."""
        return bool(self._requested or self.handed_in)

    def clear(self) -> None:
        """Drop all pending turns and requests."""
        self.handed_in.clear()
        self._requested.clear()

    def give_up_words(self) -> None:
        """Await no words any more: the recogniser has failed."""
        self.handed_in.clear()

    def drop_requests(self) -> None:
        """Begin none of the requested responses: the assistant is silent."""
        self._requested.clear()

    def request(self, request: ResponseRequested) -> None:
        """Queue a response without a turn."""
        self._requested.append(request)

    def hand_in(self, utterance: int, now_ms: int) -> None:
        """Note that the client has ended *utterance*, or a turn without speech if it is 0."""
        if utterance:
            self.handed_in[utterance] = now_ms
        self._out.tell(TurnHandedIn(utterance))

    def words_of(self, final: ev.TranscriptFinal, now_ms: int, *, respond: bool) -> None:
        """Take the words of a turn that the client ended; *respond*: they get a response."""
        del self.handed_in[final.utterance]
        wants = respond and bool(final.text)
        self.enter(final.utterance, final.text, final.confidence, now_ms, respond=wants)

    def enter(
        self,
        utterance: int,
        text: str,
        confidence: float,
        now_ms: int,
        *,
        respond: bool,
        goes_on: bool = False,
    ) -> None:
        """Enter the words of a turn into the conversation; *respond*: they get a response.

        *goes_on*: the words continue the turn of the previous final transcript.
        """
        key, carried = f"speech_{utterance}", self._history.take_carried(text)
        unsent = self._history.unsent(text)
        self._history.commit_carried()
        if carried:
            self._history.add(key, "user", carried)
            head = self._out.head(now_ms)
            self._out.publish(ev.MessageAdded(**head, key=key, role="user", text=carried))
        self._out.tell(CallerTranscript(unsent, True, confidence, goes_on, utterance, key))
        if respond:
            self.request(ResponseRequested(""))

    def edit(self, given: ItemAdded | ItemRemoved, now_ms: int) -> None:
        """Add a message to the conversation, or remove one."""
        head = self._out.head(now_ms)
        match given:
            case ItemAdded(key=key, role=role, text=text, after=after):
                if self._history.add(key, role, text, after):
                    added = ev.MessageAdded(**head, key=key, role=role, text=text, after=after)
                    self._out.publish(added)
            case ItemRemoved(key):
                self._history.remove(key)
                self._out.publish(ev.MessageRemoved(**head, key=key))

    def respond(self, now_ms: int) -> None:
        """Begin the next requested response, once the previous one and all turns are over."""
        if self._requested and self._current.response is None and not self.handed_in:
            self._requester.respond(self._requested.popleft(), now_ms)
