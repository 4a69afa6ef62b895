"""Drives a recorded session again: a call like at an edge, with today's workers.

The caller's inputs come from the record at their own pace: the audio, if it was recorded, else
silent frames with the recorded voice bits. Stages that are not driven answer from the record
(`RecordedWorkers`).
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import msgspec

from aura.replay import redecide
from aura.replay.compare import branch_point
from aura.replay.other_agent import Served
from aura.replay.recorded_stages import RecordedStages
from aura.replay.recorded_workers import RecordedWorkers
from edge.call.client import LogRefusal
from edge.call.clock import now_ms
from edge.call.event_writer import LogTerms
from edge.call.session_audio import SessionAudio
from edge.call.session_shell import SessionShell
from edge.core.call import Call
from edge.core.input_log import TimedInput
from edge.core.messages.client_events import ClientEvent
from edge.core.messages.inputs import (
    AnyInput,
    ClientToolResult,
    Finished,
    PartialTranscript,
    Reconfigured,
    Sound,
)
from edge.core.session.history import History, fold
from edge.core.session.summary import Summary
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.process.version import version
from schemas import events as ev
from schemas import subjects
from schemas.session_config import SessionConfig
from schemas.stages import STAGE_NAMES
from schemas.tools import ToolConfig

REPLAY_LEAD_MS = 600
"""The audio before the first turn of a replay."""
LAST_RESPONSE_TIMEOUT_S = 30.0
"""The wait for a response that is under way when the recording ends."""


@dataclass(frozen=True)
class DrivePlan:
    """The stages to drive, and the changes to the record."""

    session: str
    """The id of the new session."""
    stages: tuple[ev.StageName, ...]
    live_tools: bool = False
    """Whether tools that may be called twice are called; all others answer from the record."""
    from_turn: int = 0
    llm_model: str = ""
    eagerness: str = ""
    served: Served | None = None
    """Another agent in place of the session's own; None: the same agent."""
    sound: bytes = b""
    """The caller's audio from the first byte on, s16le mono 16 kHz; empty: it was not recorded."""
    audio: SessionAudio = field(default_factory=SessionAudio)
    """Processes that audio like an edge."""


class NoSuchTurnError(ValueError):
    """The session has no turn with that number."""


class ModelRefusedError(ValueError):
    """No worker has the requested language model; the message says why."""


class _NoClient:
    """A client of a driven session that drops all messages; transfers are taken from the record."""

    def __init__(self, inputs: Sequence[TimedInput], plan: DrivePlan) -> None:
        self._recorded = [timed for _, timed in inputs if isinstance(timed, Reconfigured)]
        self._plan = plan
        self.shell: SessionShell | None = None

    def can_transfer(self, agent: str) -> bool:
        del agent
        return False  # a replay takes no commands

    def transfer(self, call: str, agent: str) -> None:
        asyncio.get_running_loop().call_soon(self._give, self._transferred(call, agent))

    def _transferred(self, call: str, agent: str) -> AnyInput:
        for transfer in self._recorded:
            if transfer.agent and transfer.agent.name == agent:
                config = _with_replayed_tools(transfer.config, live=self._plan.live_tools)
                return Reconfigured(config, transfer.agent, call)
        return ClientToolResult(call, "the record has no transfer to that agent", failed=True)

    def _give(self, call_input: AnyInput) -> None:
        if self.shell:
            self.shell.give(call_input)

    def tell(self, event: ClientEvent) -> None: ...
    def call_failed(self) -> None: ...
    def taken_over(self) -> None: ...
    def log_refused(self, code: LogRefusal, why: str) -> None: ...
    def hang_up(self, code: str, reason: str) -> None: ...
    def not_recorded(self, why: str) -> None: ...


class _Refusals:
    """Collects the reason if workers refuse the requested model."""

    def __init__(self, bus: Bus, session_ref: tuple[str, str]) -> None:
        self._bus = bus
        self._subject = subjects.live(*session_ref, ev.JobFailed.KIND)
        self.reason = ""

    async def listen(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._bus.listening(self._subject, self._on_event))

    async def _on_event(self, message: Delivery) -> None:
        event = message.readable()
        if isinstance(event, ev.JobFailed) and event.stage == "llm":
            self.reason = event.reason


async def drive(bus: Bus, events: Sequence[ev.AnyEvent], plan: DrivePlan) -> None:
    """Drive the first connection of the session in *events*.

    Raises:
        InputsNotRecordedError: the session's inputs were not recorded.
        NoSuchTurnError: the session has no turn *from_turn*.
        ModelRefusedError: no worker has the requested model.
    """
    connection = redecide.connections(events)[0]
    began = _started(_beginning(connection), _agent_at(events, plan.from_turn), plan)
    inputs, from_byte, history = _from(connection, events, plan.from_turn)
    session = (began.tenant, plan.session)
    recorded = tuple(stage for stage in STAGE_NAMES if stage not in plan.stages)
    call, client = Call(began, history), _NoClient(connection.inputs, plan)
    terms = LogTerms(recorded=recorded)
    client.shell = shell = SessionShell(bus, call, client, audio=plan.audio, terms=terms)
    caller, refusals = _RecordedCaller(shell, plan.sound, from_byte), _Refusals(bus, session)
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:
        running = tasks.create_task(shell.run(began))
        await shell.listening.wait()
        workers = RecordedWorkers(bus, session, RecordedStages(connection), recorded, tasks)
        await workers.listen(stack)
        if plan.llm_model:
            await refusals.listen(stack)
        await _speak(caller, inputs, workers, refusals, wait=not _left_in_response(connection))
        await asyncio.sleep(0.5)  # the last events of the stages may still arrive
        last = inputs[-1].call_input if inputs else None
        ended = last if isinstance(last, Finished) else Finished("end_call")
        shell.finish(ended.reason, may_return=ended.may_return)
        await running
    if refusals.reason:
        raise ModelRefusedError(refusals.reason)


def _beginning(connection: redecide.RecordedConnection) -> ev.SessionStarted:
    if isinstance(connection.began, ev.SessionStarted):
        return connection.began
    raise redecide.InputsNotRecordedError(
        "the inputs of its beginning were not stored: the edge was killed in the first 10 s"
    )


def _agent_at(events: Sequence[ev.AnyEvent], turn: int) -> Served | None:
    """Return the agent that served the session at *turn*, or None if it was the first one."""
    served: Served | None = None
    config: SessionConfig | None = None
    for event in events:
        match event:
            case ev.TurnTaken(turn=at) if at >= turn:
                break
            case ev.SessionReconfigured():
                config = event.config
                served = served and served._replace(config=config)
            case ev.AgentChanged(agent=agent) if config:
                served = Served(config, agent)
            case _:
                pass
    return served if turn > 0 else None


def _started(began: ev.SessionStarted, later: Served | None, plan: DrivePlan) -> ev.SessionStarted:
    """Return the first event of the replay; *later* is the agent that served it by then."""
    wanted = {"response.model": plan.llm_model, "turns.eagerness": plan.eagerness}
    config, agent = plan.served or later or Served(began.config, began.agent)
    config = _with_replayed_tools(config, live=plan.live_tools)
    return ev.SessionStarted(
        tenant=began.tenant,
        session=plan.session,
        at_ms=now_ms(),
        user=began.user,
        protocol=began.protocol,
        edge=redecide.REPLAY_EDGE,
        config=config.but({path: value for path, value in wanted.items() if value}),
        agent=agent,
        version=version(),
        replay_of=began.session,
    )


def _with_replayed_tools(config: SessionConfig, *, live: bool) -> SessionConfig:
    tools = tuple(_replayed(tool, live=live) for tool in config.tools)
    return msgspec.structs.replace(config, tools=tools)


def _replayed(tool: ToolConfig, *, live: bool) -> ToolConfig:
    """Return *tool* for the replay; a tool that must not run is marked as the client's."""
    if tool.kind == "builtin" or (live and tool.idempotent):
        return tool
    return msgspec.structs.replace(tool, kind="client")


def _left_in_response(connection: redecide.RecordedConnection) -> bool:
    """Tell whether the caller left during a response; then the replay does too."""
    return any(
        (isinstance(event, ev.ResponseCancelled) and event.reason == "hung_up")
        or (isinstance(event, ev.AnswerHeard) and event.resumable)
        for event in connection.decided
    )


def _from(
    connection: redecide.RecordedConnection, events: Sequence[ev.AnyEvent], turn: int
) -> tuple[list[TimedInput], int, History | None]:
    """Return the inputs from *turn* on, the bytes of audio before them, and the history."""
    if turn <= 0:
        return connection.inputs, 0, None
    if (point := branch_point(events, turn)) is None:
        raise NoSuchTurnError(f"the session has no turn {turn}")
    index, _ = point
    from_ms = events[index].at_ms - REPLAY_LEAD_MS
    before = (call_input for at_ms, call_input in connection.inputs if at_ms < from_ms)
    from_byte = sum(sound.size_bytes for sound in before if isinstance(sound, Sound))
    inputs = [timed for timed in connection.inputs if timed.at_ms >= from_ms]
    history = fold(e for e in events[:index] if e.at_ms <= events[index].at_ms)
    history.summary = Summary()
    return inputs, from_byte, history


class _RecordedCaller:
    """The caller's inputs, with their recorded audio if there is any."""

    def __init__(self, shell: SessionShell, pcm: bytes, from_byte: int) -> None:
        self.shell = shell
        self._pcm, self._at_bytes = pcm, from_byte

    def give(self, call_input: AnyInput) -> None:
        if isinstance(call_input, Sound) and self._pcm:
            self._at_bytes += call_input.size_bytes
            pcm = self._pcm[self._at_bytes - call_input.size_bytes : self._at_bytes]
            self.shell.take_audio(pcm.ljust(call_input.size_bytes, b"\0"))
        else:
            self.shell.give(call_input)


async def _speak(
    caller: _RecordedCaller,
    inputs: Sequence[TimedInput],
    workers: RecordedWorkers,
    refusals: _Refusals,
    *,
    wait: bool,
) -> None:
    """Give the caller's inputs at their recorded pace, unless the model is refused."""
    loop = asyncio.get_running_loop()
    if not inputs:
        return
    begin_s = loop.time()
    workers.later_ms = now_ms() - inputs[0].at_ms
    for at_ms, entry in inputs:
        transfers = isinstance(entry, Reconfigured) and entry.call  # the replay's model does, too
        if transfers or isinstance(entry, (*redecide.MADE_BY_REPLAYS, Finished)):
            continue
        due_s = begin_s + (at_ms - inputs[0].at_ms) / 1000
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        if refusals.reason:
            return
        if isinstance(entry, PartialTranscript):
            await workers.grow(entry)
        else:
            caller.give(entry)
    until_s = loop.time() + LAST_RESPONSE_TIMEOUT_S
    while wait and caller.shell.call.responding and loop.time() < until_s:  # noqa: ASYNC110  # with a limit
        await asyncio.sleep(0.05)
