"""Enters the words of a caller's turn into the conversation, with or without a response.

An utterance ends in one of these ways, and so do its words:

spoken     enough silence: they are entered at once, and get a response unless turns get none
split      a pause after a minute: they are entered, and the caller goes on in the next utterance
cut        its length: they begin the next turn, once the final transcript has come
handed in  the client ends the turn: they are entered once the final transcript has come
suspended  the connection is lost: they are entered, or begin the next turn, on a later one
discarded  it has no words, or they are ignored

Words that have not come are awaited (`session/awaited_words.py`), and turns typed during a firm
response wait (`session/queued_requests.py`), also for a later connection.
"""

from edge.core.hearing.segmenter import Segmenter
from edge.core.hearing.utterance import Utterance
from edge.core.messages import client_events as ce
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import ItemAdded, ItemRemoved
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.response.response import Response
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.message_names import speech_key, turn_key
from edge.core.turn_taking.idle import Idle
from edge.core.turn_taking.keypad import Keypad
from schemas import events as ev


class TurnEntry:
    """Enters the caller's spoken and typed turns into the conversation."""

    def __init__(  # noqa: PLR0913, PLR0917  # the parts of a call that a turn's words concern
        self,
        config: CurrentConfig,
        segmenter: Segmenter,
        current: CurrentResponse,
        requester: Requester,
        history: History,
        idle: Idle,
        keypad: Keypad,
        out: Outbox,
    ) -> None:
        self._config = config
        self._segmenter = segmenter
        self._current = current
        self._requester = requester
        self._history = history
        self._awaited = history.awaited
        self._control = history.control
        self._queued = history.queued
        self._idle = idle
        self._keypad = keypad
        self._out = out

    # -------------------------------------------------------- turns that end

    def speculate(
        self, utterance: Utterance, transcript: ev.TranscriptGuess, now_ms: int, *, ask_eot: bool
    ) -> None:
        """Ask for a response before the end of turn is certain, once for each pause."""
        allowed = self._config.current.turns.speculate and not self.awaits_cut
        if not allowed or self._only_enters or utterance.speculated_pause == utterance.pause:
            return
        utterance.speculated_pause = utterance.pause
        self._requester.respond_to(utterance, transcript, now_ms, speculative=True, ask_eot=ask_eot)

    def end_turn(self, utterance: Utterance, transcript: ev.TranscriptGuess, now_ms: int) -> None:
        """Enter the turn that *transcript* ends, and ask for a response if it gets one."""
        self._idle.note_caller_word(now_ms)
        if self._control.responses_off and not self._current.uncommitted:
            self.end_utterance(now_ms, discarded=False)
            self._enter(transcript.text, transcript.confidence, now_ms, utterance=utterance.number)
        elif self._only_enters and not self._control.responses_off:
            self.end_utterance(now_ms, discarded=False)
            respond, continues = self._config.current.turns.respond, utterance.is_split
            self._enter_part(transcript, now_ms, respond=respond, continues=continues)
        else:
            response = self._current.response or self._requester.respond_to(
                utterance, transcript, now_ms, speculative=False
            )
            self.end_utterance(now_ms, discarded=False)
            self._tell_final(response, transcript.text, utterance)
            self._requester.commit(response, now_ms)

    def end_wordless(self, utterance: Utterance, now_ms: int) -> None:
        """End an utterance without words; a turn that was split before it gets its response."""
        self.end_utterance(now_ms, discarded=True)
        if utterance.is_split and not self._only_enters:
            self._queued.wants_response = True

    def typed(self, text: str, now_ms: int, requested_ms: int = 0) -> None:
        """Take a typed turn, which interrupts and is committed at once.

        *requested_ms*: the time at which it was typed, if it waited, Unix ms; else 0.
        """
        if self._current.firm:
            waits = ev.RequestQueued(**self._out.head(now_ms), text=text)
            self._queued.read(self._out.publish(waits))
            return
        self._idle.note_caller_word(now_ms)
        self.end_utterance(now_ms, discarded=True)
        self._current.interrupt(now_ms)
        if self._control.responses_off:
            self._enter(text, 1.0, now_ms, requested_ms=requested_ms)
            return
        response = self._requester.respond_to_typed(text, now_ms, requested_ms)
        self._tell_final(response, text)
        self._requester.commit(response, now_ms)

    def take_queued(self, now_ms: int) -> None:
        """Take the typed turns that wait, up to the first one that gets a response."""
        for at_ms, queued in tuple(self._queued.typed.items()):
            if self._current.response is None:
                self.typed(queued.text or "", now_ms, at_ms)

    @property
    def _only_enters(self) -> bool:
        """Whether a turn that ends now is only entered, without a response to it."""
        committed = self._current.response is not None and self._current.uncommitted is None
        off = self._control.responses_off or not self._config.current.turns.respond
        return committed or off

    def _enter(
        self, text: str, confidence: float, now_ms: int, utterance: int = 0, requested_ms: int = 0
    ) -> None:
        """Enter a turn without a response."""
        words = self._requester.enter(text, confidence, now_ms, requested_ms)
        key = turn_key(self._history.turn)
        self._out.tell(ce.CallerTranscript(words, True, confidence, utterance=utterance, key=key))

    def _tell_final(self, response: Response, words: str, spoken: Utterance | None = None) -> None:
        """Tell the client each final word of a turn once, and the start of its response."""
        continues = bool(self._history.carried_sent) or (spoken is not None and spoken.is_split)
        unsent, number = self._history.unsent(words), spoken.number if spoken else 0
        key, confidence = turn_key(response.turn), response.request.confidence
        self._out.tell(ce.CallerTranscript(unsent, True, confidence, continues, number, key))
        self._out.tell(ce.ResponseStarted(response.turn))

    # -------------------------------------------------------- utterances that end

    def end_utterance(self, now_ms: int, *, discarded: bool, words_for: ev.WordsUse = "") -> None:
        """End the open utterance, if there is one; *words_for*: see `SpeechEnded`."""
        utterance = self._segmenter.utterance
        if utterance is None:
            return
        silence_ms = self._segmenter.silence_ms
        final_pause = utterance.pause if utterance.transcript else 0
        self._segmenter.end(utterance, final_pause=final_pause)
        self._ended(utterance, silence_ms, now_ms, discarded=discarded, words_for=words_for)

    def hand_in(self, now_ms: int) -> None:
        """End the open utterance for the client; its words are entered when they arrive."""
        utterance = self._segmenter.utterance
        self.end_utterance(now_ms, discarded=False, words_for="turn")
        self._out.tell(ce.TurnHandedIn(utterance.number if utterance else 0))

    def split(
        self, utterance: Utterance, transcript: ev.TranscriptGuess, at_ms: int, now_ms: int
    ) -> Utterance:
        """End *utterance* at the pause that ended at *at_ms*, and enter *transcript*, its words.

        Returns the utterance in which the caller goes on.
        """
        following = self._segmenter.split(utterance, at_ms)
        self._ended(utterance, at_ms - utterance.speech_end_ms, now_ms)
        self._enter_part(transcript, now_ms, respond=False, continues=utterance.is_split)
        return following

    def _ended(
        self,
        utterance: Utterance,
        silence_ms: int,
        now_ms: int,
        *,
        discarded: bool = False,
        words_for: ev.WordsUse = "",
    ) -> None:
        """Tell and publish the end of *utterance* after *silence_ms* of silence."""
        self._out.tell(
            ce.CallerStopped(utterance.number, silence_ms, utterance.audio_ms, discarded)
        )
        ended = ev.SpeechEnded(
            **self._out.head(now_ms),
            utterance=utterance.number,
            pause=utterance.pause,
            speech_end_ms=utterance.speech_end_ms,
            wait_ms=silence_ms,
            discarded=discarded,
            words_for=words_for,
        )
        self._awaited.read(self._out.publish(ended))

    def discard(self, now_ms: int) -> None:
        """Discard the open utterance."""
        self.end_utterance(now_ms, discarded=True)
        self._current.dismiss(now_ms)
        if response := self._current.uncommitted:
            self._current.retract(response, now_ms)

    def clear(self) -> None:
        """Drop the keys that wait, the awaited words and the queued requests."""
        self._keypad.pop()
        self._awaited.ends.clear()
        self._queued.clear()

    # -------------------------------------------------------- words that arrive later

    @property
    def awaits_cut(self) -> bool:
        """Whether the words of an utterance that was ended for its length are missing."""
        return self._awaited.has_cut

    @property
    def awaits_words_since_ms(self) -> int | None:
        """The time since which words are awaited, Unix ms, or None if none are."""
        if self._awaited.has_turn:
            return self._awaited.since_ms
        utterance = self._segmenter.utterance
        if utterance is None or not self._segmenter.paused or self._config.current.turns.by_client:
            return None
        return utterance.paused_ms if utterance.transcript is None or self.awaits_cut else None

    def final(self, final: ev.TranscriptFinal, now_ms: int) -> None:
        """Take the final transcript of an utterance, if it is awaited."""
        use, turns = self._awaited.take(final.utterance), self._config.current.turns
        speaks_on = self._segmenter.utterance is not None and not turns.by_client
        if use == "turn" and not speaks_on:
            responds = turns.respond and not self._control.model_off
            self._enter_part(final, now_ms, respond=responds and bool(final.text))
        elif use:  # also of a lost connection, if the caller speaks again
            self._history.carried.append(final.text)
            self._idle.note_caller_word(now_ms)

    def note_lost(self, utterance: int) -> bool:
        """Note that the words of *utterance* will not come; return whether they are missed."""
        self._awaited.lose(utterance)
        speaking = self._segmenter.utterance
        return utterance in self._awaited.ends or bool(speaking and speaking.number == utterance)

    def give_up_words(self, utterance: int, now_ms: int) -> None:
        """Await the words of *utterance* no more, or none at all if it is 0: STT has failed."""
        self._awaited.give_up(utterance)
        speaking = self._segmenter.utterance
        if utterance and speaking and speaking.number != utterance:
            return
        self.end_utterance(now_ms, discarded=True)
        self._current.dismiss(now_ms)
        if self._current.uncommitted:  # it is a response to those words
            self._current.drop("failed", now_ms)

    def _enter_part(
        self,
        recognised: ev.TranscriptGuess | ev.TranscriptFinal,
        now_ms: int,
        *,
        respond: bool,
        continues: bool = False,
    ) -> None:
        """Enter the words of an utterance as a message; *respond*: they get a response.

        *continues*: the words continue the turn of the previous final transcript.
        """
        key = speech_key(recognised.utterance)
        carried = self._history.with_carried(recognised.text)
        unsent = self._history.unsent(recognised.text)
        self._history.commit_carried()
        if recognised.text:
            self._idle.note_caller_word(now_ms)
        if carried:
            self._history.add(key, "user", carried)
            head = self._out.head(now_ms)
            added = ev.MessageAdded(
                **head, key=key, role="user", text=carried, wants_response=respond
            )
            self._queued.read(self._out.publish(added))
        confidence, number = recognised.confidence, recognised.utterance
        self._out.tell(ce.CallerTranscript(unsent, True, confidence, continues, number, key))

    def edit(self, item_edit: ItemAdded | ItemRemoved, now_ms: int) -> None:
        """Add a message to the conversation, or remove one."""
        head = self._out.head(now_ms)
        match item_edit:
            case ItemAdded(key=key, role=role, text=text, after=after):
                if self._history.add(key, role, text, after):
                    added = ev.MessageAdded(**head, key=key, role=role, text=text, after=after)
                    self._out.publish(added)
            case ItemRemoved(key):
                self._history.remove(key)
                self._out.publish(ev.MessageRemoved(**head, key=key))
