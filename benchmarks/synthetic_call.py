"""A long call in simulated time, recorded as by an edge, to measure readers of records."""

import numpy as np

from benchmarks.offline import OfflineCall, Stages, began
from benchmarks.recordings import buzz
from edge.core.call import Began, Call
from edge.core.input_log import InputLog
from edge.core.messages.effects import Effect, Publish
from edge.core.messages.inputs import AnyInput, Finished, StageSaid
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.session_config import SessionConfig
from workers.engines.protocols import Recognition

TENANT = "bench"
TURN_EVERY_MS = 10_000
TURN_BYTES = TURN_EVERY_MS * BYTES_PER_MS
QUESTION = Recognition("What is the weather like?", 0.9, audio_ms=1000, took_ms=1.0, eot_stt=0.9)
ANSWER = ("The weather is fine this afternoon, and it stays so.", bytes(BYTES_PER_MS * 2500))


class RecordedCall(Call):
    """A call that keeps its input log and its events, in order."""

    def __init__(self, begins: Began) -> None:
        super().__init__(begins)
        self._inputs = InputLog(begins.tenant, begins.session)
        self.log: list[ev.Event] = [begins]

    def step(self, call_input: AnyInput, now_ms: int) -> list[Effect]:
        if section := self._inputs.note(call_input, now_ms):
            self.log.append(section)
        if isinstance(call_input, StageSaid):
            self.log.append(call_input.event)
        effects = super().step(call_input, now_ms)
        self.log += [effect.event for effect in effects if isinstance(effect, Publish)]
        return effects


def conversation(session: str, seconds: int) -> list[ev.Event]:
    """Return a recorded call of *seconds*: a turn every ten, every fifth answer interrupted."""
    begins = began(SessionConfig(), TENANT, session)
    recorded = RecordedCall(begins)
    call = OfflineCall(
        lambda _: (QUESTION, None),
        begins,
        answer=ANSWER,
        stages=Stages(all_partials=True),
        call=recorded,
    )
    chance = np.random.default_rng(6)
    sound = bytearray()
    for number in range(seconds * 1000 // TURN_EVERY_MS):
        turn = bytearray(bytes(BYTES_PER_MS * 300) + buzz(int(chance.integers(600, 2000))))
        if number % 3 == 0:  # a pause inside the turn
            turn += bytes(BYTES_PER_MS * 260) + buzz(700)
        turn += bytes(BYTES_PER_MS * 1200)
        if number % 5 == 4:
            turn += buzz(900)
        sound += turn[:TURN_BYTES].ljust(TURN_BYTES, b"\0")
    call.run(bytes(sound))
    call.give(Finished("caller_left"))
    return recorded.log
