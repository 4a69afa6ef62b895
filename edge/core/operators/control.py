"""Operators' commands to a call, and the end of a call that is idle or over its limits. Pure.

Texts wait until nobody speaks, and are spoken in order. A call that ends ignores the caller: its
last words are spoken to their end, then the shell hangs up.
"""

from edge.core.messages.effects import COMMAND_PREFIX, Outbox
from edge.core.messages.inputs import Commanded
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.session.call_phase import ENDING, OPEN, CallMove
from edge.core.session.control_memory import MOST_WAITING_TEXTS, REACHED, ControlMemory, SpendMove
from edge.core.session.current_config import CurrentConfig
from edge.core.turn_taking.idle import Idle
from edge.core.turn_taking.turn_entry import TurnEntry
from schemas import events as ev
from schemas.control import AnyCommand, End, Fault, Instruct, Interrupt, Mute, Say, Transfer

IDLE, SPENT = "CALL_IDLE", "SPEND_LIMIT"
"""Error codes for the client."""


class Control:
    """Carries out commands, and asks idle callers whether they are there."""

    def __init__(
        self,
        config: CurrentConfig,
        memory: ControlMemory,
        current: CurrentResponse,
        requester: Requester,
        entry: TurnEntry,
        out: Outbox,
    ) -> None:
        self._config = config
        self._memory = memory
        self._current = current
        self._requester = requester
        self._entry = entry
        self._out = out

    @property
    def deaf(self) -> bool:
        """Whether the caller's audio, text and keys are ignored."""
        return self.ends or "caller" in self._memory.muted

    @property
    def ends(self) -> bool:
        """Whether the call is ending or over."""
        return self._memory.phase is not OPEN

    def refuses(self, command_id: str, command: AnyCommand) -> Fault | None:
        """Return the reason why *command* is refused, or None if it is not."""
        if command_id in self._memory.received:
            return None
        if self.ends:
            return "call_ending"
        speaks = isinstance(command, Say) or (isinstance(command, Instruct) and command.respond)
        if speaks and len(self._memory.waiting) >= MOST_WAITING_TEXTS:
            return "too_many_texts"
        return None

    def command(self, commanded: Commanded, idle: Idle, now_ms: int) -> None:
        """Carry out a command once; a repeated or refused command changes nothing."""
        memory, command = self._memory, commanded.command
        if commanded.id in memory.received or self.refuses(commanded.id, command):
            return
        head = self._out.head(now_ms)
        received = ev.ControlReceived(
            **head, command_id=commanded.id, by=commanded.by, command=command
        )
        self._out.publish(received)
        memory.note(commanded.id, command)
        idle.note_word(now_ms)
        match command:
            case Interrupt():
                self._current.interrupt(now_ms)
            case Mute(side="caller", muted=True):
                self._stop_listening(now_ms)
            case Mute(side="assistant", muted=True):
                self._current.interrupt(now_ms)
            case End():
                self._stop_both(now_ms)
            case Transfer(agent=agent):
                self._out.transfer(f"{COMMAND_PREFIX}{commanded.id}", agent)
            case _:
                pass

    def transferred(self, call: str) -> bool:
        """Let the new agent greet; return False if no command was the cause of *call*."""
        if not call.startswith(COMMAND_PREFIX):
            return False
        greeting = self._config.current.response.greeting
        if greeting and not self.ends:
            self._memory.waiting.append((call.removeprefix(COMMAND_PREFIX), Say(greeting)))
        return True

    def _stop_listening(self, now_ms: int) -> None:
        """Drop the caller's current utterance, and all that waits of the caller."""
        self._requester.refuse_queued()
        self._entry.clear()
        self._entry.discard(now_ms)

    def _stop_both(self, now_ms: int) -> None:
        """Drop the caller's current utterance, and stop the response."""
        self._stop_listening(now_ms)
        self._current.interrupt(now_ms)

    # -------------------------------------------------------- when nobody speaks

    def due_ms(self, idle: Idle) -> int | None:
        """Return the time of the question whether the caller is there, Unix ms, or None."""
        return None if self._memory.muted or self.ends else idle.question_due_ms

    def advance(self, idle: Idle, now_ms: int) -> None:
        """Speak the next waiting text, or end the call; only called when nobody speaks."""
        if self._memory.responses_off:
            self._memory.drop_requested()
        if self._memory.spend_phase is REACHED and not self.ends:
            self._tell_spent(idle, now_ms)
        elif self._memory.waiting:
            self._speak_next(now_ms)
        elif self._memory.phase is ENDING:
            self._memory.move(CallMove.HANG_UP)
            self._out.hang_up(*self._memory.why)
        elif (due_ms := self.due_ms(idle)) is not None and now_ms >= due_ms:
            self._ask_or_end(idle, now_ms)

    def _speak_next(self, now_ms: int) -> None:
        command_id, command = self._memory.waiting[0]
        if isinstance(command, Say):
            firm = not command.interruptible
            self._requester.say(command.text, now_ms, firm=firm, command_id=command_id)
        else:
            self._requester.follow(command.text, command_id, now_ms)

    def _end(self, words: str, why: tuple[str, str], idle: Idle, now_ms: int) -> None:
        """End the call after its last *words*; nobody speaks at present."""
        self._memory.end(words, why)
        self._stop_both(now_ms)
        self.advance(idle, now_ms)

    def _tell_spent(self, idle: Idle, now_ms: int) -> None:
        """Tell the caller that the spend limit is reached, and perhaps end the call."""
        self._memory.move_spend(SpendMove.TELL)
        spend = self._config.current.spend
        if spend.then == "end":
            self._end(spend.words, (SPENT, "it has used up what it may"), idle, now_ms)
        elif spend.words:
            self._requester.say(spend.words, now_ms, firm=False)

    def _ask_or_end(self, idle: Idle, now_ms: int) -> None:
        config = self._config.current.idle
        ends = not config.prompt or idle.asked
        silent_ms = idle.silent_ms(now_ms)
        self._out.publish(ev.CallerIdle(**self._out.head(now_ms), silent_ms=silent_ms, ends=ends))
        idle.note_word(now_ms)
        if ends:
            why = IDLE, f"nobody spoke for {config.after_s} s"
            self._end(config.goodbye, why, idle, now_ms)
        else:
            idle.asked = True
            self._requester.say(config.prompt, now_ms, firm=False)
