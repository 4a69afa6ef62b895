"""The moments of a session by lane, on the edge's clock, for a drawing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from runtime.text.printable import printable
from schemas import events as ev
from schemas import inputs
from schemas.control import AnyCommand
from schemas.events import tag
from schemas.stages import STAGE_NAMES

Lane = Literal["caller", "edge", ev.StageName, "client"]
LANES: tuple[Lane, ...] = ("caller", "edge", *STAGE_NAMES, "client")

_TYPES: Mapping[Lane, str] = {
    "caller": "speech.started speech.paused speech.continued interruption.suspected",
    "stt": "transcript.partial transcript.guess transcript.final",
    "llm": "response.sentence response.completed model.switched",
    "tool": "tool.called tool.requested tool.begun tool.returned tool.failed",
    "tts": "speech.ready",
    "client": "answer.sent answer.heard",
}
"""The moments of each lane; all others are the edge's."""
_LANE: Mapping[str, Lane] = {name: lane for lane, names in _TYPES.items() for name in names.split()}


class Moment(NamedTuple):
    """One point in time at which something happened."""

    at_ms: int
    """Unix time, ms."""
    lane: Lane
    name: str
    """The event's type, or the derived `transcript.partial` or `answer.sent`."""
    text: str
    """A short description for a terminal: the words, or the numbers that matter."""
    fields: dict[str, Any]
    """The fields of the event except tenant, session and time."""
    turn: int | None = None


def moments(events: Iterable[ev.AnyEvent]) -> list[Moment]:
    """Return the moments of a session in order of time."""
    drawn: list[Moment] = []
    written: dict[int, str] = {}
    heard: set[int] = set()
    for event in events:
        if isinstance(event, ev.InputsDelivered):
            drawn += _partials(event)
            continue
        if isinstance(event, ev.ResponseCompleted):
            written[event.turn] = f"{written.get(event.turn, '')} {event.text}".strip()
        name = tag(event)
        fields = ev.own_fields(msgspec.to_builtins(event))
        turn, words = fields.get("turn"), _words(event)
        if isinstance(event, ev.AnswerHeard):
            whole = written.get(event.turn, "").split()
            # a caller who hangs up in the silence after the last word has heard the whole response
            to_the_end = event.complete or (bool(whole) and event.text.split() == whole)
            fields["to_the_end"] = to_the_end
            heard |= {event.turn} if to_the_end else set()
            words = f"{'all' if to_the_end else 'cut'}: {event.text!r}"
        drawn.append(Moment(event.at_ms, _lane(event, name), name, printable(words), fields, turn))
        if isinstance(event, ev.TurnMeasured) and event.first_sent_ms is not None:
            speech_end_ms = _speech_end(drawn, event.turn)
            if speech_end_ms is not None:
                sent_fields = {"turn": event.turn, "first_sent_ms": event.first_sent_ms}
                sent_ms = round(speech_end_ms + event.first_sent_ms)
                text = f"first sound after {event.first_sent_ms:.0f} ms"
                drawn.append(
                    Moment(sent_ms, "client", "answer.sent", text, sent_fields, event.turn)
                )
        elif isinstance(event, ev.AnswerHeard) and event.turn == 0 and event.complete:
            # a greeting has no `turn.measured`, since it answers no turn
            began_ms = event.at_ms - event.played_ms
            drawn.append(Moment(began_ms, "client", "answer.sent", "the greeting", {"turn": 0}, 0))
    for moment in drawn:
        if moment.name == "response.cancelled" and moment.turn in heard:
            moment.fields["to_the_end"] = True
    return sorted(drawn, key=lambda moment: moment.at_ms)


def _lane(event: ev.AnyEvent, name: str) -> Lane:
    if isinstance(event, ev.JobFailed) and event.stage != "audio":
        return event.stage
    return _LANE.get(name, "edge")


def _speech_end(drawn: list[Moment], turn: int) -> int | None:
    """Return the end of the speech before *turn*'s response, Unix ms."""
    taken = next((m for m in reversed(drawn) if m.name == "turn.taken" and m.turn == turn), None)
    if taken is None:
        return None
    for moment in reversed(drawn):
        own = ("speech.paused", taken.fields["utterance"], taken.fields["pause"])
        if (moment.name, moment.fields.get("utterance"), moment.fields.get("pause")) == own:
            return int(moment.fields["speech_end_ms"])
    return None


def _partials(delivered: ev.InputsDelivered) -> Iterator[Moment]:
    try:
        for row in inputs.partials(delivered.rows, delivered.from_ms):
            utterance, audio_ms, text = row.what
            fields = {"utterance": utterance, "audio_ms": audio_ms, "text": text}
            yield Moment(row.at_ms, "stt", "transcript.partial", f"{printable(text)} ...", fields)
    except ValueError:  # BadInputsError, or a partial of another form
        return


def _probability(what: str, likely: float | None) -> str:
    """Return the text for a probability of the end of turn, or "" without one."""
    return "" if likely is None else f", {what}: {likely:.0%}"


def _command_text(command: AnyCommand) -> str:
    """Return the text for a command: its action and its fields."""
    parts = msgspec.to_builtins(command)
    fields = (f"{name} {parts[name]!r}" for name in parts if name != "action" and parts[name] != "")
    return " ".join([parts["action"], *fields])


def _spend_text(event: ev.SpendReached) -> str:
    """Return the text for the spend limit that is reached, with its unit."""
    match event.limit:
        case "tokens":
            return f"{event.used_tokens} of {event.most_tokens} tokens"
        case "speech_s":
            return f"{event.used_speech_s:g} of {event.most_speech_s:g} s of speech"
        case "price":
            return f"price {event.used_price:g} of {event.most_price:g}"


_WORDS: dict[type, Callable[[Any], str]] = {
    ev.SessionStarted: lambda e: (
        f"user {e.user}, {e.protocol}, eagerness {e.config.turns.eagerness}"
        + (f", agent {e.agent}" if e.agent else "")
        + (f", replay of {e.replay_of}" if e.replay_of else "")
    ),
    ev.SessionReconfigured: lambda e: f"eagerness {e.config.turns.eagerness}",
    ev.AgentChanged: lambda e: f"{e.before} -> {e.agent}" if e.before else str(e.agent),
    ev.KeysPressed: lambda e: e.keys,
    ev.AnswerTruncated: lambda e: f"turn {e.turn}, heard for {e.played_ms} ms: {e.text!r}",
    ev.MessageAdded: lambda e: f"{e.role}: {e.text!r}",
    ev.MessageRemoved: lambda e: e.key,
    ev.RequestQueued: lambda e: "a response" if e.text is None else f"typed: {e.text!r}",
    ev.ControlReceived: lambda e: f"{e.by}: {_command_text(e.command)}",
    ev.ControlSpoken: lambda e: f"turn {e.turn}",
    ev.CallerIdle: lambda e: (
        f"nobody spoke for {e.silent_ms / 1000:.0f} s, {'the call ends' if e.ends else 'asked'}"
    ),
    ev.SpendCounted: lambda e: (
        f"{e.prompt_tokens + e.completion_tokens} tokens, "
        f"{e.synthesized_ms / 1000:.1f} s spoken, price {e.price:g}"
    ),
    ev.SpendReached: _spend_text,
    ev.WebhookRequested: lambda e: f"{e.moment}, message {e.number}",
    ev.SessionEnded: lambda e: f"{e.reason}, {e.turns} turn{'s' * (e.turns != 1)}",
    ev.RecordingConsented: lambda e: f"by the {e.by}",
    ev.RecordingEnded: lambda e: e.reason,
    ev.SpeechStarted: lambda e: "over the response" if e.over_response else "",
    ev.SpeechPaused: lambda e: f"pause {e.pause}",
    ev.SpeechEnded: lambda e: (
        f"after {e.wait_ms} ms of silence{', discarded' if e.discarded else ''}"
    ),
    ev.TranscriptGuess: lambda e: (
        f"{e.text!r} ({e.took_ms:.0f} ms, {e.model}"
        f"{f', up to a cut at {e.cut_ms} ms' if e.cut_ms else ''}"
        f"{_probability('ended', e.eot_stt)}{_probability('sounds done', e.eot_audio)})"
    ),
    ev.TranscriptFinal: lambda e: f"{e.text!r} ({e.took_ms:.0f} ms, {e.model})",
    ev.TurnTaken: lambda e: (
        f"turn {e.turn}, "
        + (f"step {e.step}" if e.step else "speculative" if e.speculative else "for certain")
    ),
    ev.ToolCalled: lambda e: f"{e.name} {e.arguments}",
    ev.ToolRequested: lambda e: f"{e.tool.name} ({e.tool.kind}) {e.arguments}",
    ev.ToolBegun: lambda e: f"call {e.call} must not run twice",
    ev.ToolReturned: lambda e: f"{e.name}: {e.result} ({e.took_ms:.0f} ms)",
    ev.ToolFailed: lambda e: f"{e.name}: {e.reason}, {e.detail} ({e.took_ms:.0f} ms)",
    ev.TurnCommitted: lambda e: f"turn {e.turn}: {e.text!r}",
    ev.TurnMeasured: lambda e: f"turn {e.turn}",
    ev.ResponseSentence: lambda e: (
        f"{e.text!r} ({e.took_ms:.0f} ms{_probability('the caller had ended', e.eot_llm)})"
    ),
    ev.ResponseCompleted: lambda e: (
        f"{e.completion_tokens} tokens in {e.took_ms:.0f} ms, {e.model}"
    ),
    ev.ModelSwitched: lambda e: f"{e.model} in place of {e.wanted} ({e.reason})",
    ev.ResponseCancelled: lambda e: f"turn {e.turn} {e.reason}",
    ev.SpeechReady: lambda e: (
        f"sentence {e.index}: {e.audio_ms} ms of sound in {e.took_ms:.0f} ms, {e.model}"
    ),
    ev.AnswerReached: lambda e: f"turn {e.turn}, sentence {e.index}",
    ev.JobFailed: lambda e: f"{e.stage}: {e.reason}",
    ev.TroubleTold: lambda e: f"{e.stage}: {e.reason}",
    ev.InterruptionSuspected: lambda e: f"{e.played_ms} ms into the response",
    ev.InterruptionStopped: lambda e: f"{e.played_ms} ms into the response",
    ev.InterruptionDismissed: lambda e: f"{e.played_ms} ms into the response",
}


def _words(event: ev.AnyEvent) -> str:
    words = _WORDS.get(type(event))
    return words(event) if words else ""
