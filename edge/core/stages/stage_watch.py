"""Watches for stages that fail or stay silent; gives their work up and tells the caller."""

from edge.core.messages.client_events import Trouble
from edge.core.messages.effects import Outbox
from edge.core.response.responder import Responder
from edge.core.session.awaited_words import AwaitedWords
from edge.core.session.current_config import CurrentConfig
from edge.core.turn_taking.turn_entry import TurnEntry
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
        responder: Responder,
        entry: TurnEntry,
        awaited: AwaitedWords,
        out: Outbox,
    ) -> None:
        self._config = config
        self._awaited = awaited
        self._responder = responder
        self._entry = entry
        self._out = out
        self._failures: dict[ev.StageOrAudio, int] = {}
        """The failures in a row by stage."""

    def works(self, stage: ev.StageName) -> None:
        """Note that *stage* has delivered a result."""
        self._failures.pop(stage, None)

    def needs_resync(self, now_ms: int) -> bool:
        """Tell whether the stages have been silent for too long.

        Their events may have been lost between the log and this edge, so the log should be read.
        """
        tools_since_ms = self._responder.tools_since_ms
        if tools_since_ms is not None and now_ms >= tools_since_ms + SILENT_STAGE_MS:
            return True
        late_ms = self._config.current.response.timeout_ms - SILENT_STAGE_MS
        waits = (self._responder.expires_ms, self.words_expire_ms)
        return any(t is not None and now_ms >= t - late_ms for t in waits)

    @property
    def words_expire_ms(self) -> int | None:
        """The time at which the awaited words are overdue, Unix ms, or None if none are awaited."""
        since_ms = self._entry.awaits_words_since_ms
        return None if since_ms is None else since_ms + self._config.current.response.timeout_ms

    def check_response(self, now_ms: int) -> None:
        """Give up the response if its stages have taken too long."""
        if stage := self._responder.overdue(now_ms):
            self.fail(stage, f"nothing came within {self._timeout}", now_ms)

    def check_words(self, now_ms: int) -> None:
        """Give up the utterance if its words have taken too long."""
        if (expires_ms := self.words_expire_ms) is not None and now_ms >= expires_ms:
            reason = f"no words came within {self._timeout}"
            self.fail("stt", reason, now_ms, self._awaited.oldest_turn)

    @property
    def _timeout(self) -> str:
        return f"{self._config.current.response.timeout_ms / 1000:g} s"

    def failed(self, event: ev.JobFailed, now_ms: int) -> None:
        """Take the event of a worker that gave a job up."""
        if event.stage == "stt":
            lost = self._entry.note_lost(event.utterance)
        else:  # a tool call has its own deadline
            lost = event.stage != "tool" and self._responder.misses(event)
        if lost:
            only = event.utterance if self._awaited.ends else 0
            self.fail(event.stage, event.reason, now_ms, only)

    def fail(self, stage: ev.StageOrAudio, reason: str, now_ms: int, utterance: int = 0) -> None:
        """Give up the failed work of *stage*, and tell the caller unless nothing is missed.

        *utterance*: the only one whose words are given up; 0: all.
        """
        if stage == "stt":
            self._entry.give_up_words(utterance, now_ms)
        elif not self._responder.give_up(stage, now_ms):
            return
        self._failures[stage] = self._failures.get(stage, 0) + 1
        fatal = self._failures[stage] >= FATAL_FAILURES
        head = self._out.head(now_ms)
        told = ev.TroubleTold(**head, stage=stage, reason=reason, fatal=fatal, utterance=utterance)
        self._out.publish(told)
        self._out.tell(Trouble(stage, reason, fatal, utterance))
