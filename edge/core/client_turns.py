"""What a client that steers its call enters into the conversation, and what it asks for.

A client that ends the caller's turns hands them in; their words are entered when they come. The
responses that it asks for come one after the other.
"""

from __future__ import annotations

from collections import deque

from edge.core.client_events import Transcript, TurnHandedIn
from edge.core.effects import Outbox
from edge.core.inputs import ItemAdded, ItemRemoved, ResponseAsked
from edge.core.response.responder import Responder
from edge.core.session.history import History
from schemas import events as ev


class ClientTurns:
    """What a client that steers its call waits for."""

    def __init__(self, responder: Responder, history: History, out: Outbox) -> None:
        self._current = responder.current
        self._requester = responder.requester
        self._history = history
        self._out = out
        self.handed_in: dict[int, int] = {}
        """Utterances that the client ended, whose words have not come yet, with the time of that,
        Unix ms."""
        self.asked: deque[ResponseAsked] = deque()
        """Responses that are asked for, until it is their turn."""

    def clear(self) -> None:
        """Wait for nothing any more."""
        self.handed_in.clear()
        self.asked.clear()

    def hand_in(self, utterance: int, now_ms: int) -> None:
        """Note that the client has ended *utterance*; 0: nobody spoke in its turn."""
        if utterance:
            self.handed_in[utterance] = now_ms
        self._out.tell(TurnHandedIn(utterance))

    def words_of(self, final: ev.TranscriptFinal, now_ms: int, *, respond: bool) -> None:
        """Take the words of a turn that was handed in; *respond*: they want a response."""
        del self.handed_in[final.utterance]
        wants = respond and bool(final.text)
        self.enter(final.utterance, final.text, final.confidence, now_ms, respond=wants)

    def enter(
        self, utterance: int, text: str, confidence: float, now_ms: int, *, respond: bool
    ) -> None:
        """Enter the words of a turn into the conversation; *respond*: they want a response."""
        key, carried = f"speech_{utterance}", self._history.take_carried(text)
        untold = self._history.untold(text)
        self._history.commit_carried()
        if carried:
            self._history.add(key, "user", carried)
            head = self._out.head(now_ms)
            self._out.publish(ev.MessageAdded(**head, key=key, role="user", text=carried))
        self._out.tell(Transcript(untold, True, confidence, utterance=utterance, key=key))
        if respond:
            self.asked.append(ResponseAsked(""))

    def edit(self, given: ItemAdded | ItemRemoved, now_ms: int) -> None:
        """Put a message into the conversation or take one out."""
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
        """Ask for the next response, once the one before is over and all words are here."""
        if self.asked and self._current.response is None and not self.handed_in:
            self._requester.respond(self.asked.popleft(), now_ms)
