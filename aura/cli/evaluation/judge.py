"""Compares the outcome of a step with what was expected. Pure."""

import re
from dataclasses import dataclass, field

from aura.cli.evaluation.suite import Expected, Step, Words
from runtime.text.word_errors import word_error_rate, words


@dataclass
class StepMessages:
    """The messages that the caller got during one step."""

    transcript: str = ""
    response: str = ""
    first_audio_ms: float | None = None
    """The wait for the response's first audio after the end of speech, or None without audio."""
    interrupted: bool = False
    """Whether the previous response was cut off."""
    errors: list[str] = field(default_factory=list)
    lost: str = ""
    """The reason why the call ended too early; empty if it did not."""


def judge(step: Step, seen: StepMessages, within_s: float | None) -> list[str]:
    """Return one line for each deviation, none if all is as expected.

    *within_s* is the suite's limit for steps that have none.
    """
    if seen.lost:
        return [seen.lost]
    expected = step.expect
    if expected.ignored:
        return _ignored(seen)
    wrong = [f"error told: {code}" for code in seen.errors]
    wrong += _words("transcript", expected.transcript, seen.transcript, step.text)
    wrong += _words("answer", expected.answer, seen.response, "")
    wrong += _time(expected, seen, within_s, noise=bool(step.noise))
    if expected.interrupts is not None and expected.interrupts != seen.interrupted:
        wrong.append(
            "the response was not interrupted"
            if expected.interrupts
            else "the response was cut off"
        )
    return wrong


def _ignored(seen: StepMessages) -> list[str]:
    wrong = []
    if seen.transcript:
        wrong.append(f"not ignored: taken for {seen.transcript!r}")
    if seen.interrupted:
        wrong.append("not ignored: it cut the response off")
    return wrong


def _time(
    expected: Expected, seen: StepMessages, within_s: float | None, *, noise: bool
) -> list[str]:
    limit_s = expected.within_s or (None if noise else within_s)
    if seen.first_audio_ms is None:
        expects_response = limit_s is not None or expected.answer is not None
        return ["no response was heard"] if expects_response else []
    if limit_s is not None and seen.first_audio_ms > limit_s * 1000:
        return [f"first sound after {seen.first_audio_ms / 1000:.2f} s, expected {limit_s:g} s"]
    return []


def _words(name: str, expected: Words | None, text: str, expected_text: str) -> list[str]:
    if expected is None:
        return []
    flat = f" {' '.join(words(text))} "

    def heard(part: str) -> bool:
        return f" {' '.join(words(part))} " in flat

    wrong = [f"{name} lacks {part!r}" for part in expected.contains if not heard(part)]
    wrong += [f"{name} has {part!r}" for part in expected.excludes if heard(part)]
    if expected.contains_any and not any(map(heard, expected.contains_any)):
        wrong.append(f"{name} has none of {', '.join(map(repr, expected.contains_any))}")
    if expected.matches is not None and not re.search(expected.matches, text):
        wrong.append(f"{name} does not match /{expected.matches}/")
    if len(words(text)) < expected.min_words:
        wrong.append(f"{name} has {len(words(text))} words, expected {expected.min_words}")
    if expected.wer is not None and (rate := word_error_rate(expected_text, text)) > expected.wer:
        wrong.append(f"{name} has a word error rate of {rate:.2f}, expected {expected.wer:g}")
    return [f"{deviation}: {text!r}" for deviation in wrong] if wrong else []
