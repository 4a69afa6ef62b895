"""A long call without a clock, recorded as an edge records it: for measuring what reads records."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.noting import Noting
from benchmarks.offline import START_MS, OfflineCall
from benchmarks.recordings import buzz
from edge.call.session_rules import noted
from edge.core.call import Call
from edge.core.hearing.vad import VoiceActivity
from edge.core.input_log import InputLog
from schemas.session_config import Delivery
from edge.core.session.rules import Rules
from schemas import events as ev
from workers.engines.protocols import Recognition

TENANT = "bench"
TURN_EVERY_MS = 10_000
QUESTION = Recognition("What is the weather like?", 0.9, audio_ms=1000, took_ms=1.0, ended=0.9)
ANSWER = ("The weather is fine this afternoon, and it stays so.", bytes(32 * 2500))


class RecordedCall(OfflineCall):
    """An offline call whose inputs are journalled and whose events are kept, in their order."""

    def __init__(self, session: str, rules: Rules) -> None:
        super().__init__(lambda _: (QUESTION, None), rules, answer=ANSWER)
        own = (TENANT, session)
        self.journal = InputLog(*own)
        self.log: list[ev.AnyEvent] = []
        ear = self.journal.listening(VoiceActivity())
        call = Call(*own, rules, "chunks", is_voice=ear)
        self.log.append(_started(session, rules))
        call.history.summary.take(self.log[0])
        self._session = session
        noting = Noting(call, self.journal, self.log)
        self._call = noting  # type: ignore[assignment]  # the same methods

    def _event(self, kind: type[ev.Event], **fields: Any) -> ev.Event:
        return super()._event(kind, **{"tenant": TENANT, "session": self._session, **fields})

    def _publish(self, event: ev.Event) -> None:
        if isinstance(event, ev.SpeechStarted):
            self._over_answer.add(event.utterance)  # growing words of all that is said
        super()._publish(event)

    def hang_up(self) -> list[ev.AnyEvent]:
        """Return all that was recorded."""
        self._do(self._call.finish("caller_left", self._now_ms))
        self.log.append(self.journal.take(self._now_ms))
        return self.log


def _started(session: str, rules: Rules) -> ev.SessionStarted:
    return ev.SessionStarted(
        tenant=TENANT,
        session=session,
        at_ms=START_MS,
        user="somebody",
        dialect="continuous",
        edge="bench",
        **noted(rules, "chunks"),
    )


def conversation(session: str, seconds: int) -> list[ev.AnyEvent]:
    """Return a recorded call of *seconds*: a turn every ten, every fifth answer interrupted."""
    call = RecordedCall(session, Rules(ev.SessionSettings(), greeting=""))
    chance = np.random.default_rng(6)
    sound = bytearray()
    for number in range(seconds * 1000 // TURN_EVERY_MS):
        turn = bytearray(bytes(32 * 300) + buzz(int(chance.integers(600, 2000))))
        if number % 3 == 0:  # a pause for thought
            turn += bytes(32 * 260) + buzz(700)
        turn += bytes(32 * 1200)
        if number % 5 == 4:
            turn += buzz(900)
        sound += turn[: 32 * TURN_EVERY_MS].ljust(32 * TURN_EVERY_MS, b"\0")
    call.run(bytes(sound))
    return call.hang_up()
