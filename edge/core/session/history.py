"""The conversation so far: words of both sides, also restored from the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.core.endpointing.end_of_turn import is_question
from edge.core.session.awaited_words import AwaitedWords
from edge.core.session.control_memory import ControlMemory
from edge.core.session.message_names import MessageNames, is_speech, response_key, turn_key
from edge.core.session.prompt_size import newest_instructions, newest_messages
from edge.core.session.queued_requests import QueuedRequests
from edge.core.session.spend import Spend
from edge.core.session.step_call import Key, Result, key_of
from edge.core.session.summary import Summary
from edge.core.session.tool_steps import ToolSteps, late, shortened
from edge.core.session.unfinished_response import UnfinishedResponse
from edge.core.session.unstored_commit import UnstoredCommit
from schemas import events as ev
from schemas.agent import AgentUsed


@dataclass
class History:
    """The conversation before the next turn, and the state for that turn."""

    messages: list[ev.Message] = field(default_factory=list)
    turn: int = 0
    """The last turn taken."""
    utterance: int = 0
    """The last utterance started."""
    responses: int = 0
    """The number of turns with words of the caller and a heard response; a greeting is no turn."""
    carried: list[str] = field(default_factory=list)
    """Carried words: they got no response yet, and begin the next turn."""
    carried_sent: int = 0
    """The number of carried words that were sent to the client as final."""
    awaited: AwaitedWords = field(default_factory=AwaitedWords)
    """The utterances that have ended and whose words are awaited."""
    queued: QueuedRequests = field(default_factory=QueuedRequests)
    """The requests that wait until nothing is spoken."""
    unfinished: UnfinishedResponse | None = None
    """The response that was being spoken when the connection was cut; its question is carried
    too."""
    summary: Summary = field(default_factory=Summary)
    background_calls: dict[Key, ev.ToolRequested] = field(default_factory=dict)
    """The requests of background calls, which still run although their turn is over."""
    late_results: list[ev.Message] = field(default_factory=list)
    """Results of such calls that no turn has used yet."""
    agent: AgentUsed | None = None
    """The current agent of the session, after all transfers."""
    began_as: str = ""
    """The name of the session's first agent."""
    control: ControlMemory = field(default_factory=ControlMemory)
    """The effects of operators' commands."""
    spend: Spend = field(default_factory=Spend)
    """The spend of the session."""
    webhook_messages: int = 0
    """The number of messages sent to the webhook."""
    instructions: dict[str, str] = field(default_factory=dict)
    """The client's system messages by key; they become part of the prompt, not of the
    conversation."""
    _deferred: dict[str, ev.Message] | None = None
    """Messages by key that were added during a turn, and are entered after it; None: there is no
    turn that is committed and not entered yet."""

    def __post_init__(self) -> None:
        self.names = MessageNames(self.messages)

    def read(self, event: ev.Event) -> None:
        """Pass an event of the log to the parts that are derived from single events."""
        self.summary.count(event)
        self.control.read(event)
        self.spend.count(event)
        self.awaited.read(event)
        self.queued.read(event)
        if isinstance(event, ev.SessionStarted):
            self.agent, self.began_as = event.agent, event.agent.name if event.agent else ""

    @property
    def has_deferred_work(self) -> bool:
        """Whether something waits until nobody speaks."""
        return bool(self.queued.typed or self.control.waiting or self.late_results)

    @property
    def after_question(self) -> bool:
        """Whether the last sentence that the caller heard was a question."""
        last = self.messages[-1] if self.messages else None
        return bool(last and last.role == "assistant" and is_question(last.text))

    def enter_turn(
        self, caller_words: str, heard: str, steps: ToolSteps | None = None, turn: int = 0
    ) -> None:
        """Enter a finished turn: the caller's words, the steps of tools, the heard words."""
        if caller_words:
            self._enter(ev.Message("user", caller_words), turn_key(turn))
        if steps:
            self.messages += map(shortened, steps.messages(with_text=False))
            for request in steps.running:
                if not request.tool.cancel:
                    self.background_calls[key_of(request)] = request
        if heard:
            self._enter(ev.Message("assistant", heard), response_key(turn))
            self.responses += bool(caller_words)
        self.turn_over()

    def turn_begins(self) -> None:
        """Keep the messages that are added from now on until the turn is over."""
        self._deferred = self._deferred or {}

    def turn_over(self) -> None:
        """Enter the messages that were added during the turn."""
        deferred, self._deferred = self._deferred or {}, None
        for key, message in deferred.items():
            self.names.insert(key, message, None)

    def _enter(self, message: ev.Message, key: str) -> None:
        self.messages.append(message)
        self.names.give(key, message)

    def add(self, key: str, role: ev.ItemRole, text: str, after: str | None = None) -> bool:
        """Add a message (see `inputs.ItemAdded`); return False if its key is taken."""
        if key in self.names or key in self.instructions or key in (self._deferred or ()):
            return False
        if role == "system":
            self.instructions[key] = text
        elif self._deferred is not None and after != "" and after not in self.names:
            self._deferred[key] = ev.Message(role, text)
        else:
            self.names.insert(key, ev.Message(role, text), after)
        return True

    def remove(self, key: str) -> None:
        """Remove a message from the conversation, also one that is not entered yet."""
        if key in self.instructions:
            del self.instructions[key]
        elif self._deferred and key in self._deferred:
            del self._deferred[key]
        else:
            self.names.remove(key)

    def note_heard(self, event: ev.AnswerHeard, caller_words: str, steps: ToolSteps | None) -> None:
        """Enter the recorded end of a response to *caller_words*."""
        if event.carried:
            self.carry(caller_words)
        elif event.in_conversation:
            self.enter_turn(caller_words, event.text, steps, event.turn)
        self.turn_over()

    def repeat_edit(self, event: ev.AnswerTruncated | ev.MessageAdded | ev.MessageRemoved) -> None:
        """Repeat a recorded change of the client."""
        match event:
            case ev.AnswerTruncated(turn=turn, text=heard):
                self.names.reword(response_key(turn), heard)
            case ev.MessageAdded(key=key):
                if is_speech(key):
                    self.commit_carried()  # they are part of its words
                self.add(key, event.role, event.text, event.after)
            case ev.MessageRemoved(key=key):
                self.remove(key)

    def system(self, prompt: str) -> str:
        """Return *prompt* with the newest instructions of the client and those of operators."""
        newest = newest_instructions(tuple(self.instructions.values()))
        beside = (*newest, *self.control.instructions)
        return "\n\n".join(text for text in (prompt, *beside) if text)

    def window(self, caller_words: str | None, size: int) -> tuple[ev.Message, ...]:
        """Return the last messages, ending with *caller_words*, unless that is None.

        Their number is between half of *size* and *size*. Dropping half at once keeps the beginning
        the same for several turns, so a language model need not read it again. They are fewer if
        they are long (see `prompt_size`).
        """
        block = size // 2
        excess = max(0, len(self.messages) + 1 - size)
        known = newest_messages(self.messages[-(-excess // block) * block :])
        return tuple(known) if caller_words is None else (*known, ev.Message("user", caller_words))

    def enter_late(self, result: Result) -> bool:
        """Enter the result of a background call; return False for any other call."""
        request = self.background_calls.pop(key_of(result), None)
        if request is None:
            return False
        self.late_results += late(request, result)
        return True

    def enter_late_results(self) -> None:
        """Enter the results of background calls, for the turn that begins."""
        self.messages += self.late_results
        self.late_results = []

    def with_carried(self, text: str) -> str:
        """Return *text* with the carried words before it."""
        return " ".join([*self.carried, text]).strip()

    def unsent(self, text: str) -> str:
        """Return *text* after the carried words that the client has not got."""
        return " ".join([*self.carried[self.carried_sent :], text]).strip()

    def carry(self, text: str) -> None:
        """Carry *text*, all words of a turn without a response, into the next turn.

        The words that are carried already were said after it.
        """
        if text:
            self.carried.insert(0, text)
            self.carried_sent += 1

    def commit_carried(self) -> None:
        """Clear the carried words, which are part of a committed turn."""
        self.carried, self.carried_sent = [], 0

    def drop_carried(self, text: str) -> None:
        """Remove *text*, which got a response, from the carried words; the client has the rest."""
        self.carried = [words for words in self.carried if words != text]
        self.carried_sent = len(self.carried)


def fold(events: Iterable[ev.Event]) -> History:
    """Return the history of one session from its *events* in order."""
    history, caller_words = History(), dict[int, str]()
    responses: dict[int, dict[int, str]] = {}
    steps: dict[int, ToolSteps] = {}
    unstored = UnstoredCommit()
    for event in events:
        unstored.read(event)
        if isinstance(
            event, ev.TurnTaken | ev.ResponseCompleted | ev.ToolCalled | ev.ToolRequested | Result
        ):
            steps.setdefault(event.turn, ToolSteps()).read(event)
        _count(history, event)
        match event:
            case ev.TurnCommitted():
                _commit(history, caller_words, event)
            case ev.SessionResumed():
                _commit(history, caller_words, unstored.take(history.with_carried))
            case ev.AnswerHeard(turn=turn, resumable=False):
                history.note_heard(event, caller_words.pop(turn, ""), steps.get(turn))
            case ev.ResponseSentence(turn=turn, index=index, text=text):
                responses.setdefault(turn, {})[index] = text
            case _:
                pass
        history.read(event)
        if history.unfinished:
            history.unfinished = history.unfinished.after(event)
    _commit(history, caller_words, unstored.take(history.with_carried))
    # The edge died between the commit and the playback. The words begin the next turn.
    for turn in sorted(caller_words, reverse=True):
        history.carry(caller_words[turn])
    history.control.cut_off()
    if earlier := history.unfinished:
        earlier.sentences = responses.get(earlier.turn, {})
        earlier.steps = steps.get(earlier.turn, ToolSteps())
    else:
        history.turn_over()
    return history


def _commit(history: History, caller_words: dict[int, str], event: ev.TurnCommitted | None) -> None:
    """Begin the response to a committed turn, if there is one, and note its *caller_words*."""
    if event is None:
        return
    caller_words[event.turn] = event.text
    history.turn_begins()
    history.commit_carried()  # they are part of its text
    asked = history.queued.responses.get(event.requested_ms)
    in_conversation = not asked or asked.in_conversation
    history.unfinished = UnfinishedResponse(
        event.turn, event.text, event.confidence, event.at_ms, in_conversation
    )


def _count(history: History, event: ev.Event) -> None:
    """Take numbers, agents, edits and late results of tools from *event*."""
    match event:
        case ev.AgentChanged(agent=agent):
            history.agent = agent
        case ev.TurnCommitted(turn=turn) | ev.ControlSpoken(turn=turn):
            history.turn = max(history.turn, turn)
        case ev.TurnTaken(turn=turn, step=step):
            history.turn = max(history.turn, turn)
            if not step:
                history.enter_late_results()
        case ev.SpeechStarted(utterance=utterance):
            history.utterance = max(history.utterance, utterance)
        case ev.TranscriptFinal(text=text):
            if history.awaited.take_recorded(event) == "next_turn":
                history.carried.append(text)
        case ev.AnswerTruncated() | ev.MessageAdded() | ev.MessageRemoved():
            history.repeat_edit(event)
        case ev.ToolReturned() | ev.ToolFailed():
            history.enter_late(event)
        case ev.WebhookRequested(number=number):
            history.webhook_messages = number + 1
        case _:
            pass
