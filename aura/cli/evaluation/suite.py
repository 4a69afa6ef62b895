"""A suite of spoken scenarios, read from YAML; an error names the place in the file."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

Noise = Literal["", "cough", "knock", "hum", "hiss"]


class SuiteError(ValueError):
    """The suite is invalid; the message says where and why."""


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
    """Words that a text must or must not contain; case and punctuation do not count."""

    contains: tuple[str, ...] = ()
    """The text contains all of these."""
    contains_any: tuple[str, ...] = ()
    """The text contains at least one of these."""
    excludes: tuple[str, ...] = ()
    """The text contains none of these."""
    matches: Pattern | None = None
    """A regular expression that matches somewhere in the text."""
    min_words: int = Field(default=0, ge=0)
    wer: float | None = Field(default=None, ge=0)
    """The highest word error rate against the spoken words; for transcripts only."""


class Expected(_Strict):
    """The expected outcome of a step."""

    transcript: Words | None = None
    answer: Words | None = None
    within_s: float | None = Field(default=None, gt=0)
    """The longest wait from the end of speech to the first sound of the response, at the caller."""
    interrupts: bool | None = None
    """Whether the step cuts off the previous response."""
    ignored: bool = False
    """Whether the step must have no effect: no transcript, no response, no interruption."""


class Step(_Strict):
    """One sound of the caller, and what is expected of it."""

    say: str = ""
    """A text, spoken by Aura's own voice."""
    wav: str = ""
    """The path of a recording, relative to the suite."""
    noise: Noise = ""
    says: str = ""
    """The words of the recording, for the word error rate."""
    over_answer_s: float | None = Field(default=None, ge=0)
    """Seconds into the previous response at which this step begins; unset: after its end."""
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _one_sound(self) -> Self:
        if sum(map(bool, (self.say, self.wav, self.noise))) != 1:
            raise ValueError("a step needs exactly one of say, wav and noise")
        words = self.expect.transcript
        if words and words.wer is not None and not (self.say or self.says):
            raise ValueError("wer needs the spoken words: say, or says with wav")
        return self

    @property
    def text(self) -> str:
        return self.say or self.says


class Scenario(_Strict):
    """One call."""

    name: str = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)
    greeting: bool = False
    """Whether the greeting is heard first; a step may speak over it."""
    limit_s: float = Field(60.0, gt=0)
    """Seconds after which the call is ended in any case."""

    @model_validator(mode="after")
    def _begins_with_a_question(self) -> Self:
        if self.steps[0].over_answer_s is not None and not self.greeting:
            raise ValueError("there is no response to speak over before the first step")
        return self


class Suite(_Strict):
    """A file of scenarios."""

    name: str
    within_s: float | None = Field(default=None, gt=0)
    """The default for steps without `within_s`."""
    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [scenario.name for scenario in self.scenarios]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two scenarios are called {twice[0]!r}")
        return self


def load(file: Path) -> Suite:
    """Return the suite in *file*.

    Raises:
        SuiteError: there is no such file, or it is no YAML, or no valid suite.
    """
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        raise SuiteError(f"{file}{line}: no YAML: {getattr(error, 'problem', error)}") from error
    try:
        return Suite.model_validate(tree)
    except ValidationError as error:
        first, *others = _own(error)
        more = len(others)
        message = f"{file}: {_place(first['loc'])}{first['msg'].removeprefix('Value error, ')}"
        raise SuiteError(f"{message} (and {more} more)" if more else message) from error


def _own(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors that do not merely follow from an error deeper inside."""
    every = error.errors()

    def follows(error: ErrorDetails) -> bool:
        place = error["loc"]
        return any(len(o["loc"]) > len(place) and o["loc"][: len(place)] == place for o in every)

    return [error for error in every if not follows(error)]


def _place(location: tuple[int | str, ...]) -> str:
    """Return the place as `scenarios[2].steps[0].say: `."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"{text.removeprefix('.')}: " if text else ""
