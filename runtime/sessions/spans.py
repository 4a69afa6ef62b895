"""The spans of a session, derived from its moments: speech, waits, work of the stages, playback."""

from dataclasses import dataclass
from typing import Any

from runtime.sessions.timeline import Lane, Moment


@dataclass(frozen=True)
class TimelineSpan:
    """A stretch of time in which a lane of the timeline was busy."""

    start_ms: int
    """Unix time, ms."""
    end_ms: int
    lane: Lane
    name: str
    text: str
    moment: int = 0
    """The index of the moment from which it was derived."""


def spans(moments: list[Moment]) -> list[TimelineSpan]:
    """Return the spans of a session: speech, waits, work of the stages, playback."""
    drawn: list[TimelineSpan] = []
    words = _new_words(moments)
    began_ms: int | None = None
    sent_ms: dict[int, int] = {}
    taken_ms: dict[int, int] = {}
    for index, moment in enumerate(moments):
        fields, turn = moment.fields, moment.turn or 0
        match moment.name:
            case "speech.started" | "speech.continued":
                began_ms = moment.at_ms
            case "speech.paused" | "speech.ended":
                if began_ms is not None:
                    end_ms = max(int(fields["speech_end_ms"]), began_ms)
                    text = words.get((int(fields["utterance"]), int(fields["pause"])), "")
                    drawn.append(TimelineSpan(began_ms, end_ms, "caller", "speech", text, index))
                    began_ms = None
                if moment.name == "speech.ended":
                    drawn.append(_waited(moment, index))
            case "transcript.guess" | "transcript.final" | "speech.ready":
                start_ms = moment.at_ms - round(fields["took_ms"])
                text, lane, kind = str(fields.get("text", moment.text)), moment.lane, moment.name
                drawn.append(TimelineSpan(start_ms, moment.at_ms, lane, kind, text, index))
            case "turn.taken":
                taken_ms[turn] = moment.at_ms
            case "response.sentence":
                start_ms, text = taken_ms.get(turn, moment.at_ms), fields["text"]
                taken_ms[turn] = moment.at_ms
                drawn.append(TimelineSpan(start_ms, moment.at_ms, "llm", "sentence", text, index))
            case "answer.sent":
                sent_ms[turn] = moment.at_ms
            case "answer.heard" if fields["played_ms"]:
                start_ms = sent_ms.get(turn, moment.at_ms - int(fields["played_ms"]))
                name, text = "heard" if fields["to_the_end"] else "cut", fields["text"]
                drawn.append(TimelineSpan(start_ms, moment.at_ms, "client", name, text, index))
            case _:
                pass
    return drawn + _tool_spans(moments)


def _tool_spans(timeline: list[Moment]) -> list[TimelineSpan]:
    """Return the spans of tool calls, each from the request to run it to its result.

    A call that no tool runner makes begins with the model's call instead.
    """
    drawn: list[TimelineSpan] = []
    requested_ms: dict[tuple[int, ...], int] = {}
    for index, moment in enumerate(timeline):
        if not moment.name.startswith("tool."):
            continue
        name, call = moment.name, _call(moment.fields)
        if name in {"tool.called", "tool.requested"}:
            requested_ms[call] = moment.at_ms
        elif name in {"tool.returned", "tool.failed"} and call in requested_ms:
            start_ms = requested_ms.pop(call)
            drawn.append(TimelineSpan(start_ms, moment.at_ms, "tool", name, moment.text, index))
    return drawn


def _call(fields: dict[str, Any]) -> tuple[int, ...]:
    return (int(fields["turn"]), int(fields["step"]), int(fields["call"]))


def _waited(ended: Moment, index: int) -> TimelineSpan:
    wait_ms = int(ended.fields["wait_ms"])
    text = f"listened to silence for {wait_ms} ms"
    return TimelineSpan(ended.at_ms - wait_ms, ended.at_ms, "edge", "wait", text, index)


def _new_words(timeline: list[Moment]) -> dict[tuple[int, int], str]:
    """Return the new words at each pause, by utterance and pause."""
    pauses = sorted(
        (int(m.fields["utterance"]), int(m.fields["pause"]), str(m.fields["text"]))
        for m in timeline
        if m.name == "transcript.guess"
    )
    new_words: dict[tuple[int, int], str] = {}
    before = (0, "")
    for utterance, pause, text in pauses:
        known = before[1].rstrip(".?!, ") if before[0] == utterance else ""
        new = text[len(known) :].lstrip(".?!, ") if known and text.startswith(known) else text
        new_words[utterance, pause] = new
        before = (utterance, text)
    return new_words
