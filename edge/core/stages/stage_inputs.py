"""Passes the events of the stages to the part of the call that they concern. Pure."""

from edge.core.response.responder import Responder
from edge.core.stages.stage_watch import StageWatch
from edge.core.turn_taking.turn_entry import TurnEntry
from edge.core.turn_taking.turns import Turns
from schemas import events as ev


class StageInputs:
    """The results and failures of the stages."""

    def __init__(
        self, responder: Responder, turns: Turns, entry: TurnEntry, stages: StageWatch
    ) -> None:
        self._responder = responder
        self._turns = turns
        self._entry = entry
        self._stages = stages

    def receive(self, event: ev.AnyEvent, now_ms: int) -> None:
        """Pass on an event of a stage; late, repeated and unknown events change nothing."""
        match event:
            case ev.TranscriptGuess():
                self._stages.works("stt")
                self._turns.transcript(event, now_ms)
            case ev.TranscriptFinal():
                self._stages.works("stt")
                self._entry.final(event, now_ms)
            case ev.ResponseCompleted(turn=turn, sentences=0, step=0, calls=0) if (
                self._responder.awaits(turn)
            ):
                self._stages.fail("llm", "the language model returned no words", now_ms)
            case ev.JobFailed():
                self._stages.failed(event, now_ms)
            case ev.ResponseSentence():
                self._stages.works("llm")
                self._responder.sentence(event, now_ms)
            case ev.ResponseCompleted():
                self._stages.works("llm")
                self._responder.completed(event, now_ms)
            case ev.ToolCalled():
                self._stages.works("llm")
                self._responder.tool_called(event, now_ms)
            case ev.ToolReturned() | ev.ToolFailed():
                self._responder.tool_done(event, now_ms)
            case ev.SpeechReady():
                self._stages.works("tts")
                self._responder.ready(event, now_ms)
            case _:
                pass
