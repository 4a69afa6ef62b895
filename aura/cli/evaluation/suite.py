"""A suite of spoken scenarios, read from YAML; an error names its place in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

Noise = Literal["", "cough", "knock", "hum", "hiss"]


class SuiteError(ValueError):
    """The suite cannot be run; one line says where and why."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """Words that a text must and must not hold; capitals and punctuation do not count."""

    contains: tuple[str, ...] = ()
    """All of these."""
    contains_any: tuple[str, ...] = ()
    """At least one of these."""
    excludes: tuple[str, ...] = ()
    """None of these."""
    matches: Pattern | None = None
    """A regular expression found somewhere in the text as it is."""
    min_words: int = Field(default=0, ge=0)
    wer: float | None = Field(default=None, ge=0)
    """Transcript only: the word error rate against what was said is at most this."""


class Expected(_Strict):
    """The expected outcome of a step."""

    transcript: Words | None = None
    answer: Words | None = None
    within_s: float | None = Field(default=None, gt=0)
    """From the end of speech to the first sound of the response, at the caller."""
    interrupts: bool | None = None
    """Whether the step cuts the response before it off."""
    ignored: bool = False
    """Nothing may come of it: no transcript, no response, no interruption."""


class Step(_Strict):
    """One sound of the caller, and what is expected of it."""

    say: str = ""
    """Text, spoken by the project's voice."""
    wav: str = ""
    """A recording, beside the suite."""
    noise: Noise = ""
    says: str = ""
    """What the recording says, for the word error rate."""
    over_answer_s: float | None = Field(default=None, ge=0)
    """Seconds into the response before, at which this step begins; unset: after its end."""
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _one_sound(self) -> Self:
        if sum(map(bool, (self.say, self.wav, self.noise))) != 1:
            raise ValueError("a step has one of say, wav and noise")
        words = self.expect.transcript
        if words and words.wer is not None and not (self.say or self.says):
            raise ValueError("wer needs the words: say, or says beside wav")
        return self

    @property
    def text(self) -> str:
        return self.say or self.says


class Scenario(_Strict):
    """One call."""

    name: str = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)
    greeting: bool = False
    """Hear the greeting first; a step may speak over it."""
    limit_s: float = Field(60.0, gt=0)
    """Seconds after which the call is ended, whatever came."""

    @model_validator(mode="after")
    def _begins_with_a_question(self) -> Self:
        if self.steps[0].over_answer_s is not None and not self.greeting:
            raise ValueError("there is no response to speak over before the first step")
        return self


class Suite(_Strict):
    """A file of scenarios."""

    name: str
    within_s: float | None = Field(default=None, gt=0)
    """Of every step that gives none of its own."""
    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [one.name for one in self.scenarios]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two scenarios are called {twice[0]!r}")
        return self


def load(file: Path) -> Suite:
    """Return the suite in *file*.

    Raises:
        SuiteError: no such file, no YAML, or not as a suite is written.
    """
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        raise SuiteError(f"{file}{line}: no YAML: {getattr(error, 'problem', error)}") from error
    try:
        return Suite.model_validate(said)
    except ValidationError as error:
        first, *others = _own(error)
        more = len(others)
        message = f"{file}: {_place(first['loc'])}{first['msg'].removeprefix('Value error, ')}"
        raise SuiteError(f"{message} (and {more} more)" if more else message) from error


def _own(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors that are not mere consequences of an error deeper inside."""
    every = error.errors()

    def follows(one: ErrorDetails) -> bool:
        place = one["loc"]
        return any(len(o["loc"]) > len(place) and o["loc"][: len(place)] == place for o in every)

    return [one for one in every if not follows(one)]


def _place(location: tuple[int | str, ...]) -> str:
    """Return `scenarios[2].steps[0].say: `."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"{text.removeprefix('.')}: " if text else ""
