"""The bus delays, repeats, reorders and drops what the stages say; the caller hears no difference.

What is dropped live is recovered as in production: events from the log when the call misses news,
audio from its stream when the call asks for it (ResyncSpeech).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.call import Call
from edge.core.clockwork import Clockwork
from edge.core.messages.client_events import Speech, Trouble
from edge.core.messages.effects import Effect, Publish, ResyncSpeech, Tell
from edge.core.messages.inputs import AnyInput, ChunkSpoken, StageSaid
from schemas import events as ev
from tests.unit.edge.core.rehearsal import SILENCE, VOICE, began, config, sound

FRAME_MS = 20
CATCH_UP_MS = 1000
SENTENCES = 3
CHUNKS = 2
CHUNK_BYTES = 32 * 150
NOTHING_HAPPENS = ((0, 1),)
MOST_PLAYS = 30
"""Each takes a quarter of a second."""

Opinion = float | None
"""How surely the language model would end the caller's sentence; None: it does not say."""
Fate = tuple[int, int]
"""What becomes of one message: its delay in ms, and how many times it arrives (0: dropped)."""
opinions = st.lists(st.sampled_from([None, 0.02, 0.6, 0.98]), min_size=1, max_size=4)
fates = st.lists(
    st.tuples(st.integers(0, 2500), st.sampled_from([1, 1, 1, 0, 2, 3])), min_size=1, max_size=40
)


def audio_of(turn: int, index: int, chunk: int) -> bytes:
    """Return audio that no other chunk has."""
    return bytes([(turn * 36 + index * 6 + chunk) % 255 + 1]) * CHUNK_BYTES


def answer_to(turn: int) -> tuple[str, bytes]:
    """Return the words and the audio of the whole answer."""
    words = " ".join(f"turn{turn}word{index} end." for index in range(SENTENCES))
    pieces = itertools.product(range(SENTENCES), range(CHUNKS))
    return words, b"".join(audio_of(turn, index, chunk) for index, chunk in pieces)


class Play:
    """One call between a caller and stages that answer everything, over a bad bus."""

    def __init__(self, dealt: Sequence[Fate], read: Sequence[Opinion] = (None,)) -> None:
        """Deal each message of the stages its fate, and the language model its opinions."""
        self.now_ms = 1_000_000
        self._fates = itertools.cycle(dealt)
        self._read = itertools.cycle(read)
        self._log: list[StageSaid] = []
        self._audio: list[ChunkSpoken] = []
        self.heard: list[Speech] = []
        self.troubles: list[Trouble] = []
        self.published: list[ev.Event] = []
        self._caught_up_ms = 0
        call = Call(began(config(turns__ask_eot=True)))
        self.clockwork = Clockwork(call, self._take)

    def pass_time(self, frame: bytes, ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            self.now_ms += FRAME_MS
            self.clockwork.run_until(self.now_ms + 1)
            self.clockwork.give(sound(frame), self.now_ms)
            self._catch_up()

    def send_nothing(self, ms: int) -> None:
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms = min(self.now_ms + CATCH_UP_MS, until_ms)
            self.clockwork.run_until(self.now_ms + 1)
            self._catch_up()

    def ask(self) -> None:
        self.pass_time(VOICE, 600)

    def wait_for_the_answer(self) -> None:
        """Be silent until the answer was heard to its end, and then a while."""
        until, before = self.now_ms + 60_000, self._whole_answers()
        while self.now_ms < until:
            self.pass_time(SILENCE, 400)
            if self._whole_answers() > before:
                return
        raise AssertionError("nothing was heard for a minute")

    def _whole_answers(self) -> int:
        return sum(isinstance(one, ev.AnswerHeard) and one.complete for one in self.published)

    def _catch_up(self) -> None:
        """Read the log where the stages are silent for too long, as an edge does."""
        due = self.now_ms - self._caught_up_ms >= CATCH_UP_MS
        if due and self.clockwork.call.stages.needs_resync(self.now_ms):
            self._caught_up_ms = self.now_ms
            for said in tuple(self._log):
                self.clockwork.give(said, self.now_ms)

    def _take(self, effects: list[Effect], now_ms: int) -> None:
        for effect in effects:
            match effect:
                case Publish(event):
                    self.published.append(event)
                    self._answer(event, now_ms)
                case Tell(Speech() as speech):
                    self.heard.append(speech)
                case Tell(Trouble() as trouble):
                    self.troubles.append(trouble)
                case ResyncSpeech(turn):
                    for chunk in self._audio:
                        if chunk.turn == turn:
                            self.clockwork.schedule(chunk, now_ms + FRAME_MS)
                case _:
                    pass

    def _answer(self, event: ev.Event, now_ms: int) -> None:
        """Be the stages."""
        match event:
            case ev.SpeechPaused(utterance=utterance, pause=pause):
                self._say(
                    now_ms,
                    ev.TranscriptGuess,
                    utterance=utterance,
                    pause=pause,
                    text="What is the capital of France?",
                    confidence=0.9,
                    took_ms=1.0,
                    model="m",
                )
            case ev.TurnTaken(turn=turn, ask_eot=ask_eot):
                self._answer_turn(turn, next(self._read) if ask_eot else None, now_ms)
            case _:
                pass

    def _answer_turn(self, turn: int, eot_llm: Opinion, now_ms: int) -> None:
        said: dict[str, Any] = {"turn": turn, "model": "m", "took_ms": 1.0}
        for index in range(SENTENCES):
            text = f"turn{turn}word{index} end."
            self._say(
                now_ms,
                ev.ResponseSentence,
                index=index,
                text=text,
                first_token_ms=1.0,
                deadline_ms=0,
                eot_llm=None if index else eot_llm,
                **said,
            )
            for chunk in range(CHUNKS):
                last = chunk == CHUNKS - 1
                pcm = audio_of(turn, index, chunk)
                spoken = ChunkSpoken(turn, index, chunk, pcm, last)
                self._audio.append(spoken)
                self._deal(spoken, now_ms)
            self._say(
                now_ms,
                ev.SpeechReady,
                index=index,
                chunks=CHUNKS,
                audio_ms=300,
                first_chunk_ms=1.0,
                **said,
            )
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        words, _ = answer_to(turn)
        self._say(now_ms, ev.ResponseCompleted, sentences=SENTENCES, text=words, **usage, **said)

    def _say(self, now_ms: int, kind: type[ev.Event], **fields: Any) -> None:
        event: Any = kind(tenant="t", session="s", at_ms=now_ms, **fields)
        self._log.append(StageSaid(event))
        self._deal(StageSaid(event), now_ms)

    def _deal(self, given: AnyInput, now_ms: int) -> None:
        """Send a message of the stages to its fate."""
        delay_ms, copies = next(self._fates)
        for copy in range(copies):
            self.clockwork.schedule(given, now_ms + delay_ms * (copy + 1))

    # ---- what the caller heard

    def turns(self) -> list[int]:
        return [turn for turn, _ in itertools.groupby(speak.turn for speak in self.heard)]

    def words(self, turn: int) -> str:
        return "".join(speak.text for speak in self.heard if speak.turn == turn)

    def pcm(self, turn: int) -> bytes:
        return b"".join(speak.pcm for speak in self.heard if speak.turn == turn)


@settings(max_examples=min(MOST_PLAYS, settings().max_examples))
@given(fates, opinions)
def test_a_caller_who_waits_hears_every_answer_once_whole_and_in_order(
    dealt: list[Fate], read: list[Opinion]
) -> None:
    play = Play(dealt, read)
    for _ in range(2):
        play.ask()
        play.wait_for_the_answer()
    play.send_nothing(8000)  # what comes late, or twice, changes nothing
    assert not play.troubles
    turns = play.turns()
    assert turns == sorted(set(turns)), "no answer goes on after another began"
    assert len(turns) == 2
    for turn in turns:
        assert (play.words(turn), play.pcm(turn)) == answer_to(turn)
        (last,) = [speak for speak in play.heard if speak.turn == turn and speak.ends]
        assert last is [speak for speak in play.heard if speak.turn == turn][-1]
    heard = [one for one in play.published if isinstance(one, ev.AnswerHeard)]
    assert [(one.text, one.complete) for one in heard if one.text] == [
        (answer_to(turn)[0], True) for turn in turns
    ]


@settings(max_examples=min(MOST_PLAYS, settings().max_examples))
@given(fates, opinions, st.integers(1, 200))
def test_a_caller_who_interrupts_never_hears_two_answers_mixed(
    dealt: list[Fate], read: list[Opinion], patience: int
) -> None:
    play = Play(dealt, read)
    play.ask()
    play.pass_time(SILENCE, patience * FRAME_MS)
    play.pass_time(VOICE, 900)
    play.wait_for_the_answer()
    # the first answer may be the one that was waited for; what the second lost is read 12 s on
    play.send_nothing(20_000)
    assert not play.troubles
    turns = play.turns()
    assert turns == sorted(set(turns)), "no answer goes on after another began"
    for turn in turns:
        _, pcm = answer_to(turn)
        assert pcm.startswith(play.pcm(turn)), "what is heard of an answer is its beginning"
    assert (play.words(turns[-1]), play.pcm(turns[-1])) == answer_to(turns[-1])


def test_without_faults_the_play_is_an_ordinary_call() -> None:
    play = Play(NOTHING_HAPPENS)
    play.ask()
    play.wait_for_the_answer()
    (turn,) = play.turns()
    assert play.words(turn) == answer_to(turn)[0]
    (taken,) = [one for one in play.published if isinstance(one, ev.TurnTaken)]
    assert taken.ask_eot
