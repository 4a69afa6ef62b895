"""Turn-taking: the consequences of the caller's speech, pauses, words and silence.

speech over a response     the response is held; words interrupt it, or it goes on
a pause                    the words so far are requested; they set the wait
words that sound finished  a speculative response is requested; it is not heard yet
words that do not          it is requested shortly before the silence is long enough
enough silence             the turn is committed, and its response may be heard
speech after a pause       the speculative response is retracted; the words join the next ones
speech just after the first sound of a response
                           the same, since the caller goes on with the turn

The caller's turn is one utterance, whose phases and moves are drawn in `hearing/utterance.py`; the
response's are in `response/response.py`, and whose turn it is follows from both (`activity.py`):

    utterance   SPEAKING ─pause─► AWAITS_WORDS ─words─► WORDS_KNOWN ─enough silence─► ENDED
                    ▲                                     │     │                        │
                    └──────────────── continue ───────────┤     ▼                        ▼
    response    (none) ◄─────────── retracted ────────────┴─ SPECULATIVE ──commit──► COMMITTED
"""

from edge.core.hearing.segmenter import SegmentedFrame, Segmenter
from edge.core.hearing.speech_detector import SpeechChange
from edge.core.hearing.utterance import SPLIT_MS, Onset, Utterance, UtterancePhase
from edge.core.messages.client_events import CallerStarted, CallerTranscript
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import PartialTranscript
from edge.core.response.current_response import CurrentResponse
from edge.core.response.request import CAN_GO_ON
from edge.core.session.current_config import CurrentConfig
from edge.core.turn_taking import barge_in
from edge.core.turn_taking.endpointer import Endpointer
from edge.core.turn_taking.turn_entry import TurnEntry
from schemas import events as ev

EARLY_REPLY_MS = 1000
"""Speech that begins within this time before the end of a question is a reply to it."""
NOISE_MS = 400
"""The silence after which an utterance without words is discarded."""
BACKCHANNEL_MS = 400
"""The silence after which a backchannel is over: "Yes," may begin an interruption."""
RESPONSE_MS = 600
"""The time before the end of a wait at which a response is requested: its time to first audio."""
CLEAR_WORDS = 0.7
"""The confidence below which words of doubtful voices are ignored: Whisper gives up to 0.62 for a
room full of people, and 0.8 or more for a single speaker."""
WORDS_TIMEOUT_MS = 60_000
"""The longest wait for the words of an utterance; after it the audio is gone."""


class Turns:
    """The caller's side of a call, and its effects on Aura's side."""

    def __init__(
        self,
        config: CurrentConfig,
        segmenter: Segmenter,
        endpointer: Endpointer,
        current: CurrentResponse,
        entry: TurnEntry,
        out: Outbox,
    ) -> None:
        self._config = config
        self._segmenter = segmenter
        self._endpointer = endpointer
        self._current = current
        self._entry = entry
        self._out = out

    def reconfigured(self, now_ms: int) -> None:
        """Retract a speculative response if turns get none by themselves any more."""
        turns = self._config.current.turns
        if (turns.by_client or not turns.respond) and (response := self._current.uncommitted):
            self._current.retract(response, now_ms)

    def take(self, segmented: SegmentedFrame, now_ms: int) -> None:
        """Take a change of the caller's speech, or a lasting silence."""
        utterance = segmented.utterance
        match segmented.change:
            case SpeechChange.STARTED:
                self._started(utterance, segmented.at_ms, now_ms)
            case SpeechChange.PAUSED:
                paused = ev.SpeechPaused(
                    **self._out.head(now_ms),
                    utterance=utterance.number,
                    pause=utterance.pause,
                    speech_end_ms=utterance.speech_end_ms,
                )
                self._out.publish(paused)
            case SpeechChange.CONTINUED:
                self._continued(utterance, segmented.at_ms, now_ms)
            case None:
                self._wait_on(utterance, now_ms)

    def _started(self, utterance: Utterance, at_ms: int, now_ms: int) -> None:
        response = self._current.response
        if response and response.request.origin in CAN_GO_ON and not response.playback.begun:
            self._endpointer.pauses.reopened(at_ms - response.request.speech_end_ms)
        if self._config.current.interruption.allowed:
            self._current.suspect(now_ms)
        if response and response.asks_until(now_ms + EARLY_REPLY_MS):
            utterance.onset = Onset.REPLY
        elif response and response.is_gone_on_from(at_ms):
            utterance.onset = Onset.CONTINUES
            utterance.silence_before_ms = at_ms - response.request.speech_end_ms
        utterance.over_response = self._current.held
        self._tell_start(utterance, at_ms, self._segmenter.before_ms, now_ms)

    def _tell_start(self, utterance: Utterance, at_ms: int, before_ms: int, now_ms: int) -> None:
        """Tell client and recogniser that *utterance* began *before_ms* before *at_ms*."""
        client_event = CallerStarted(
            utterance.number, now_ms - at_ms + before_ms, over_response=utterance.over_response
        )
        self._out.tell(client_event)
        started = ev.SpeechStarted(
            **self._out.head(now_ms),
            utterance=utterance.number,
            language=self._config.current.language,
            deadline_ms=at_ms + WORDS_TIMEOUT_MS,
            over_response=utterance.over_response,
        )
        self._out.publish(started)

    def _continued(self, utterance: Utterance, at_ms: int, now_ms: int) -> None:
        self._endpointer.pauses.continued(
            at_ms - utterance.speech_end_ms,
            sounded_finished=self._endpointer.sounded_finished(utterance.transcript),
        )
        head = self._out.head(now_ms)
        self._out.publish(
            ev.SpeechContinued(**head, utterance=utterance.number, pause=utterance.pause)
        )
        transcript, utterance.transcript = utterance.transcript, None
        utterance.least_confidence = 0.0
        if response := self._current.uncommitted:
            self._current.retract(response, now_ms)
        if transcript and transcript.text and self._may_split(utterance):
            following = self._entry.split(utterance, transcript, at_ms, now_ms)
            since_ms = min(at_ms - utterance.speech_end_ms, self._segmenter.before_ms)
            self._tell_start(following, at_ms, since_ms, now_ms)

    def _may_split(self, utterance: Utterance) -> bool:
        """Tell whether *utterance* is so long that it ends at its last pause."""
        if self._config.current.turns.by_client or self._current.response or self._entry.awaits_cut:
            return False
        return utterance.audio_ms >= SPLIT_MS

    def _wait_on(self, utterance: Utterance, now_ms: int) -> None:
        """Check whether the silence or the speech has lasted long enough."""
        if self._segmenter.paused:
            self._endpoint(utterance, now_ms)
            return
        voice_ms = self._config.current.interruption.voice_ms
        if voice_ms and utterance.over_response:
            self._current.hold_on(now_ms)
            if utterance.voice_ms >= voice_ms:
                self._current.stop(now_ms)
        if self._segmenter.too_long:
            self._entry.end_utterance(now_ms, discarded=False, words_for="next_turn")

    def doubt_voice(self) -> None:
        """Doubt the voice of the utterance: it is background if its words are also unclear."""
        if utterance := self._segmenter.utterance:
            utterance.least_confidence = CLEAR_WORDS

    # -------------------------------------------------------- words

    def partial(self, partial: PartialTranscript, now_ms: int) -> None:
        """Take a partial transcript while the caller speaks."""
        utterance = self._segmenter.utterance
        if utterance is None or utterance.number != partial.utterance or not partial.text:
            return
        self._out.tell(CallerTranscript(partial.text, final=False))
        if self._interrupts(utterance, partial.text):
            self._interrupt(utterance, now_ms)

    def transcript(self, transcript: ev.TranscriptGuess, now_ms: int) -> None:
        """Take the words up to a pause; only words up to the present pause can end a turn."""
        utterance = self._segmenter.utterance
        if utterance is None or utterance.number != transcript.utterance:
            return
        if not utterance.awaits_words or transcript.pause != utterance.pause:
            by_voice = self._config.current.interruption.voice_ms > 0
            if by_voice and self._interrupts(utterance, transcript.text):
                self._interrupt(utterance, now_ms)
            return
        by_client, text = self._config.current.turns.by_client, transcript.text
        ends_by_client = by_client or utterance.ended_by_client  # whatever the words
        if transcript.confidence < utterance.least_confidence and not ends_by_client:
            self._entry.discard(now_ms)
            return
        response, config = self._current.response, self._config.current
        backchannel = (
            bool(text)
            and not by_client
            and barge_in.is_backchannel(text, utterance.onset, response, config)
        )
        # a backchannel may still become an interruption, if more words follow soon
        utterance.note_words(transcript, now_ms, backchannel=backchannel)
        if by_client:
            return
        if not text:
            self._current.dismiss(now_ms)
        elif backchannel:
            pass
        elif self._current.firm:
            self._out.tell(CallerTranscript(transcript.text, final=False))
        else:
            if self._config.current.interruption.allowed:
                self._interrupt(utterance, now_ms)
            self._out.tell(CallerTranscript(transcript.text, final=False))
            if self._endpointer.may_be_over(transcript):
                self._speculate(utterance, transcript, now_ms)
        self._endpoint(utterance, now_ms)

    def _interrupts(self, utterance: Utterance, text: str) -> bool:
        """Tell whether words of *utterance* so far interrupt the response that it began over.

        Words up to the present pause are judged in `transcript`, and earlier ones are part of them.
        """
        response = self._current.response
        if response is None or not response.interruption.was_suspected:
            return False
        if not utterance.over_response or utterance.transcript:
            return False
        return barge_in.interrupts(text, response, self._config.current)

    def _speculate(self, utterance: Utterance, transcript: ev.TranscriptGuess, now_ms: int) -> None:
        """Ask for a response before the end of turn is certain."""
        ask_eot = self._endpointer.asks_model(transcript)
        self._entry.speculate(utterance, transcript, now_ms, ask_eot=ask_eot)

    def _interrupt(self, utterance: Utterance, now_ms: int) -> None:
        """End the current response, if there is one: the words are an interruption."""
        continues = utterance.onset is Onset.CONTINUES
        if continues and self._current.response:
            self._endpointer.pauses.reopened(utterance.silence_before_ms)
        self._current.interrupt(now_ms, gone_on=continues)

    def _endpoint(self, utterance: Utterance, now_ms: int) -> None:
        """Commit or discard the utterance if the silence has lasted long enough for its words."""
        transcript = utterance.transcript
        if transcript is None or self._entry.awaits_cut or self._config.current.turns.by_client:
            return
        silence_ms = self._segmenter.silence_ms
        if utterance.phase is UtterancePhase.BACKCHANNEL:
            if silence_ms >= BACKCHANNEL_MS or utterance.ended_by_client:
                self._entry.end_utterance(now_ms, discarded=True)
                self._current.dismiss(now_ms)
            return
        if self._current.firm:
            return
        if not transcript.text:
            if silence_ms >= NOISE_MS or utterance.ended_by_client:
                self._entry.end_wordless(utterance, now_ms)
            return
        if silence_ms < self._endpointer.least_ms and not utterance.ended_by_client:
            return
        wait_ms = 0 if utterance.ended_by_client else self._endpointer.wait_ms(transcript)
        if silence_ms < wait_ms:
            if silence_ms >= wait_ms - RESPONSE_MS:
                self._speculate(utterance, transcript, now_ms)
            return
        self._entry.end_turn(utterance, transcript, now_ms)
        self._endpointer.pauses.ended()

    # -------------------------------------------------------- the client decides

    def end(self, now_ms: int) -> None:
        """End the caller's turn as soon as its words are known, whatever the words."""
        utterance = self._segmenter.utterance
        if self._config.current.turns.by_client:
            self._entry.hand_in(now_ms)
            return
        if utterance is None:
            return
        for segmented in self._segmenter.pause(now_ms):
            self.take(segmented, now_ms)
        utterance.ended_pause = utterance.pause
        self._endpoint(utterance, now_ms)

    def suspend(self, now_ms: int, *, deaf: bool) -> None:
        """End the open utterance; a later connection takes its words, unless they are ignored.

        After a pause they are a turn, else the beginning of the next one. *deaf*: the caller's
        audio is ignored.
        """
        utterance, response = self._segmenter.utterance, self._current.response
        if utterance is None:
            return
        over_response = response is not None and response.playback.begun
        wordless = utterance.transcript is not None and not utterance.transcript.text
        backchannel = utterance.phase is UtterancePhase.BACKCHANNEL
        by_client = self._config.current.turns.by_client
        if deaf or over_response or wordless or backchannel or by_client:
            self._entry.end_utterance(now_ms, discarded=True)
        else:
            use: ev.WordsUse = "turn" if self._segmenter.paused else "next_turn"
            self._entry.end_utterance(now_ms, discarded=False, words_for=use)
