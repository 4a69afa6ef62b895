"""Inputs in any order: no move is illegal, and the call's timer never stands still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge.core import inputs
from edge.core.hearing.framing import FRAME_BYTES
from schemas import control
from schemas import events as ev
from tests.unit.edge.core.rehearsal import Rehearsal, config

WORDS = ["What is the capital of France?", "and then", "mhm", "", "I would like to", "Yes."]
COMMANDS: list[control.AnyCommand] = [
    control.Say("One moment, please."),
    control.Say("May I ask your name?", interruptible=False),
    control.Instruct("Say hello.", respond=True),
    control.Interrupt(),
    control.Mute("caller"),
    control.Mute("caller", muted=False),
    control.Mute("assistant"),
    control.Mute("assistant", muted=False),
]


class Walk:
    """A call that gets random inputs."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.call = Rehearsal(
            interruption__voice_ms=rng.choice([0, 500]),
            response__greeting=rng.choice(["", "Hello."]),
        )
        self.steps: Mapping[str, Callable[[], None]] = {
            "says": lambda: self.call.says(rng.choice([100, 300, 700])),
            "quiet": lambda: self.call.quiet(rng.choice([100, 200, 500, 2000])),
            "waits": lambda: self.call.wait(rng.choice([500, 3000, 20_000])),
            "burst": lambda: self.call.burst(b"\x01" * FRAME_BYTES * 5),
            "background": lambda: self.call.give(inputs.BackgroundAlone()),
            "types": lambda: self.call.give(inputs.Typed("Hello.")),
            "ends": lambda: self.call.give(inputs.TurnEnded()),
            "discards": lambda: self.call.give(inputs.TurnDiscarded()),
            "cancels": lambda: self.call.give(inputs.Cancelled()),
            "keys": lambda: self.call.give(inputs.KeyPressed(rng.choice(["1", "2#"]))),
            "asks": lambda: self.call.give(
                inputs.ResponseRequested("a", in_conversation=rng.random() < 0.7)
            ),
            "commands": self.command,
            "configures": self.configure,
        }
        self.stages: Mapping[str, Callable[[], None]] = {
            "words": lambda: self.call.hears(self.words, confidence=rng.choice([0.3, 0.9])),
            "final": self.final,
            "fails": self.fail,
        }
        self.models: Mapping[str, Callable[[], None]] = {
            "answers": lambda: self.call.answers(*["It is."] * rng.choice([0, 1, 2])),
            "speaks": lambda: self.call.speaks(rng.choice([0, 1]), rng.choice([300, 2000])),
            "cuts": lambda: self.call.give(inputs.Truncated(self.turn, 500)),
        }

    @property
    def words(self) -> str:
        return self.rng.choice(WORDS)

    @property
    def turn(self) -> int:
        return self.call.events(ev.TurnTaken)[-1].turn

    @property
    def utterance(self) -> int:
        return self.call.events(ev.SpeechStarted)[-1].utterance

    def command(self) -> None:
        name = f"c{len(self.call.effects)}"
        self.call.give(inputs.Commanded(name, "op", self.rng.choice(COMMANDS)))

    def configure(self) -> None:
        chance = self.rng.random
        changes: dict[str, Any] = {
            "turns__respond": chance() < 0.7,
            "turns__by_client": chance() < 0.25,
            "turns__speculate": chance() < 0.8,
            "turns__idle_ms": self.rng.choice([0, 3000]),
            "idle__after_s": self.rng.choice([0, 5]),
            "interruption__allowed": chance() < 0.7,
            "interruption__voice_ms": self.rng.choice([0, 500]),
        }
        self.call.give(inputs.Reconfigured(config(**changes)))

    def final(self) -> None:
        self.call.event(
            ev.TranscriptFinal,
            utterance=self.utterance,
            text=self.words,
            confidence=0.9,
            took_ms=1.0,
            model="m",
            audio_ms=100,
        )

    def fail(self) -> None:
        self.call.event(ev.JobFailed, stage="stt", utterance=self.utterance, reason="it stopped")

    def step(self) -> None:
        steps = dict(self.steps)
        if self.call.events(ev.SpeechPaused):
            steps |= self.stages
        if self.call.events(ev.TurnTaken):
            steps |= self.models
        often = ["says", "quiet", "quiet", "words", "answers", "speaks"]
        name = self.rng.choice([*steps, *(one for one in often if one in steps)])
        steps[name]()


@given(st.integers(0, 1 << 30))
def test_no_order_of_inputs_makes_an_illegal_move_or_stops_the_timer(seed: int) -> None:
    walk = Walk(Random(seed))
    for _ in range(50):
        walk.step()
    walk.call.give(inputs.Finished("caller_left"))
    assert not walk.call.call.responding
    assert not walk.call.call.listening
