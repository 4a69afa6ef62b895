"""Watches for stages that fail or stay silent; gives their work up and tells the caller."""

from edge.core.client_events import Trouble
from edge.core.effects import Outbox
from edge.core.hearing.segmenter import Segmenter
from edge.core.response.responder import Responder
from edge.core.session.current_config import CurrentConfig
from edge.core.turns import Turns
from schemas import events as ev

SILENT_STAGE_MS = 3000
"""The silence of a stage after which the log is read, since its event may have been lost."""
FATAL_FAILURES = 3
"""The failures of a stage in a row after which it counts as down."""


class StageWatch:
    """Watches the pending work of each stage, and counts failures."""

    def __init__(
        self,
        config: CurrentConfig,
        segmenter: Segmenter,
        responder: Responder,
        turns: Turns,
        out: Outbox,
    ) -> None:
        self._config = config
        self._segmenter = segmenter
        self._responder = responder
        self._current = responder.current
        self._turns = turns
        self._client_turns = turns.entry.client
        self._out = out
        self._failures: dict[ev.FaultyPart, int] = {}
        """The failures in a row by stage."""

    def works(self, stage: ev.StageName) -> None:
        """Note that *stage* has delivered a result."""
        self._failures.pop(stage, None)

    def misses_news(self, now_ms: int) -> bool:
        """Tell whether the stages have been silent for too long.

        Their events may have been lost between the log and this edge, so the log should be read.
        """
        tools_since_ms = self._responder.tools_since_ms
        if tools_since_ms is not None and now_ms >= tools_since_ms + SILENT_STAGE_MS:
            return True
        late_ms = self._config.now.response.deadline_ms - SILENT_STAGE_MS
        waits = (self._responder.expires_ms, self.words_expire_ms)
        return any(t is not None and now_ms >= t - late_ms for t in waits)

    @property
    def words_expire_ms(self) -> int | None:
        """The time at which the words up to a pause are overdue, Unix ms."""
        utterance = self._segmenter.utterance
        if handed_in := self._client_turns.handed_in:
            return min(handed_in.values()) + self._config.now.response.deadline_ms
        if utterance is None or not self._segmenter.paused or self._config.now.turns.by_client:
            return None
        if utterance.transcript is not None and not self._turns.awaits_finals:
            return None
        return utterance.paused_ms + self._config.now.response.deadline_ms

    def check_response(self, now_ms: int) -> None:
        """Give up the response if its stages have taken too long."""
        expires_ms, response = self._responder.expires_ms, self._current.response
        if expires_ms is not None and now_ms >= expires_ms and response:
            spoken = bool(response.sentences) and not response.waits_for_model
            self.fail("tts" if spoken else "llm", f"nothing came within {self._patience}", now_ms)

    def check_words(self, now_ms: int) -> None:
        """Give up the utterance if its words have taken too long."""
        if (expires_ms := self.words_expire_ms) is not None and now_ms >= expires_ms:
            self.fail("stt", f"no words came within {self._patience}", now_ms)

    @property
    def _patience(self) -> str:
        return f"{self._config.now.response.deadline_ms / 1000:g} s"

    def failed(self, event: ev.JobFailed, now_ms: int) -> None:
        """Take the event of a worker that gave a job up."""
        utterance = self._segmenter.utterance
        if event.stage == "stt":
            self._turns.take_final(event.utterance)
            awaited = event.utterance in self._client_turns.handed_in
            if awaited or (utterance and utterance.number == event.utterance):
                self.fail("stt", event.reason, now_ms)
        elif event.stage != "tool" and self._current.of(
            event.turn
        ):  # a tool call has its own deadline
            self.fail(event.stage, event.reason, now_ms)

    def fail(self, stage: ev.FaultyPart, reason: str, now_ms: int) -> None:
        """Give up the failed work of *stage*, tell the caller, and go on unless the stage is down.

        A failed speculative response is not told, since it is asked for again at the commit.
        """
        response = self._current.response
        if stage == "stt":
            self._turns.give_up_finals()
            self._client_turns.give_up_words()
            self._turns.entry.close(now_ms, discarded=True)
            self._responder.interruptions.dismiss(now_ms)
            if self._current.uncommitted:  # it is a response to those words
                self._current.drop("failed", now_ms)
        elif self._current.uncommitted:
            self._current.drop("failed", now_ms)
            return
        elif response and stage == "llm" and response.tool_steps.is_used:
            self._responder.tools.apologize(response, now_ms)
        else:
            self._current.drop("failed", now_ms)
            if response and response.turn == 0:  # a greeting without audio is still shown
                self._out.tell(response.playback.unspoken())
        self._failures[stage] = self._failures.get(stage, 0) + 1
        fatal = self._failures[stage] >= FATAL_FAILURES
        head = self._out.head(now_ms)
        self._out.publish(ev.TroubleTold(**head, stage=stage, reason=reason, fatal=fatal))
        self._out.tell(Trouble(stage, reason, fatal))
