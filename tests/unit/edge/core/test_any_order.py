"""Inputs in any order: no move is illegal, the timer never stands still, the log tells all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from edge.core.hearing.framing import FRAME_BYTES
from edge.core.messages import inputs
from edge.core.messages.effects import HangUp
from edge.core.session.history import History, fold
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
KEYS = ["message_1", "message_2", "turn_1"]
TALK = ["says", "quiet", "quiet", "words", "answers", "speaks"]
CARRIED = ["goes on"] * 6 + ["configures"] * 6
"""Inputs by which words of a turn are carried, and may be entered without a response."""


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
            "commands": self.command,
            "configures": self.configure,
        }
        self.client: Mapping[str, Callable[[], inputs.FromClient]] = {
            "types": lambda: inputs.Typed("Hello."),
            "ends": inputs.TurnEnded,
            "discards": inputs.TurnDiscarded,
            "cancels": inputs.Cancelled,
            "keys": lambda: inputs.KeyPressed(rng.choice(["1", "2#"])),
            "asks": lambda: inputs.ResponseRequested("a", in_conversation=rng.random() < 0.7),
            "plays": lambda: inputs.Played(self.turn, rng.choice([0, 500])),
            "cuts": lambda: inputs.Truncated(self.turn, 500),
            "adds": lambda: inputs.ItemAdded(rng.choice(KEYS), "user", "Hi.", rng.choice(KEYS)),
            "removes": lambda: inputs.ItemRemoved(rng.choice(KEYS)),
            "returns": lambda: inputs.ClientToolResult("call_1_0_0", "done"),
        }
        self.stages: Mapping[str, Callable[[], None]] = {
            "words": lambda: self.call.hears(self.words, confidence=rng.choice([0.3, 0.9])),
            "goes on": self.go_on,
            "final": self.final,
            "fails": self.fail,
        }
        self.models: Mapping[str, Callable[[], None]] = {
            "answers": lambda: self.call.answers(*["It is."] * rng.choice([0, 1, 2])),
            "speaks": lambda: self.call.speaks(rng.choice([0, 1]), rng.choice([300, 2000])),
        }

    @property
    def words(self) -> str:
        return self.rng.choice(WORDS)

    @property
    def turn(self) -> int:
        """Return the last turn, or 0, the greeting's."""
        return max((one.turn for one in self.call.events(ev.TurnTaken)), default=0)

    @property
    def utterance(self) -> int:
        return self.call.events(ev.SpeechStarted)[-1].utterance

    def go_on(self) -> None:
        """Go on with a turn whose response was not heard yet."""
        self.call.says(800, WORDS[0])
        self.call.quiet(2000)
        self.call.says(600, WORDS[4])

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

    def step(self, *often: str) -> None:
        """Give an input; it is more likely one of *often*."""
        steps = {**self.steps, **self.client}
        if self.call.events(ev.SpeechPaused):
            steps |= self.stages
        if self.call.events(ev.TurnTaken):
            steps |= self.models
        name = self.rng.choice([*steps, *(one for one in often if one in steps)])
        made = steps[name]()
        if made is not None:
            self.call.give(made)


def test_the_walks_give_every_input_of_a_client() -> None:
    made = {type(make()) for make in Walk(Random(0)).client.values()}
    assert made == set(get_args(inputs.FromClient))


@given(st.integers(0, 1 << 30))
def test_no_order_of_inputs_makes_an_illegal_move_or_stops_the_timer(seed: int) -> None:
    walk = Walk(Random(seed))
    for _ in range(50):
        walk.step(*TALK)
    walk.call.give(inputs.Finished("caller_left"))
    assert not walk.call.call.responding
    assert not walk.call.call.listening


@given(st.integers(0, 1 << 30))
def test_a_call_that_ends_takes_no_turn_and_hangs_up(seed: int) -> None:
    walk = Walk(Random(seed))
    for _ in range(15):
        walk.step(*TALK, "keys", "types", "asks")
    r = walk.call
    r.give(inputs.Commanded("end", "op", control.End(words="Goodbye.")))
    asked = len(r.events(ev.TurnTaken))
    for _ in range(10):
        walk.step(*TALK, "keys", "types", "asks")
    r.wait(60_000)
    assert len(r.events(ev.TurnTaken)) == asked
    assert [one for one in r.effects if isinstance(one, HangUp)]


def state(history: History, now_ms: int) -> dict[str, Any]:
    """Return what a later connection knows of the call."""
    spend = history.spend
    return {
        "messages": history.messages,
        "carried": history.carried,
        "awaited": history.awaited,
        "queued": history.queued,
        "instructions": history.instructions,
        "turn": history.turn,
        "responses": history.responses,
        "summary": history.summary,
        "spend": (spend.tokens, spend.recognised_ms, spend.synthesized_ms, spend.call_ms(now_ms)),
    }


@given(st.integers(0, 1 << 30))
def test_the_log_tells_the_history_of_the_call_carried_words_included(seed: int) -> None:
    walk, known = Walk(Random(seed)), 0
    one = walk.call
    for _ in range(50):
        walk.step(*TALK, *CARRIED)
        if len(one.log) > known and not one.call.responding:
            known = len(one.log)
            told = fold([one.call.began, *one.log])
            assert state(told, one.now_ms) == state(one.call.history, one.now_ms)
