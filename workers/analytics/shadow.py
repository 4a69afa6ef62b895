"""A shipped subscriber: a candidate engine that repeats the jobs of a stage and is never heard.

    AURA_STT_MODEL=base aura worker analytics --module workers.analytics.shadow:stt --group base

The engine is chosen like a worker's. It works after the stage in service, on the same input, and
publishes nothing. Its results are compared, counted (`aura_shadow_...`) and logged without words;
AURA_SHADOW_OUT names a file for the results with words.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from runtime.bus.connection import Bus
from runtime.process.metrics import STEPS_S
from runtime.settings import Settings
from runtime.text.word_errors import word_error_rate
from schemas import subjects
from schemas.events import AnyEvent, StageName
from schemas.stages import JOB_TYPES
from workers.analytics import trial_engines
from workers.analytics.subscribers import Context, Handler, Subscriber, opening
from workers.analytics.trial_engines import Candidate, Work

log = structlog.get_logger(__name__)

COMPARED_WITHIN_S = 20.0
"""The longest wait for the stage in service; after it the job is not compared."""
LOG_POLL_S = 0.5

COMPARED = Counter("aura_shadow_jobs_total", "Jobs that a candidate did too.", ["stage", "outcome"])
DIFFERENCE = Histogram(
    "aura_shadow_difference_ratio",
    "Words by which the candidate's text differs, per word of the text in service.",
    ["stage"],
    buckets=(0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0),
)
COMPARED_STEP_SECONDS = Histogram(
    "aura_shadow_seconds",
    "Time to the first result and to the whole result, in service and of the candidate.",
    ["stage", "step", "whose"],
    buckets=STEPS_S,
)


class EngineComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The results of two engines for one job."""

    stage: str
    session: str
    job: str
    """The id of the job's event."""
    in_service: Work
    candidate: Work
    difference: float | None
    """Word error rate of the candidate's text against the text in service; None for a stage without
    text."""


def stt(settings: Settings) -> Subscriber:
    """Return a shadow of the recogniser."""
    return _shadow("stt", trial_engines.recognizer, settings)


def llm(settings: Settings) -> Subscriber:
    """Return a shadow of the language model."""
    return _shadow("llm", trial_engines.language_model, settings)


def tts(settings: Settings) -> Subscriber:
    """Return a shadow of the voice."""
    return _shadow("tts", trial_engines.synthesizer, settings)


def _shadow(
    stage: StageName, build: Callable[[Settings], Candidate], settings: Settings
) -> Subscriber:
    @asynccontextmanager
    async def opens(context: Context) -> AsyncIterator[Handler]:
        candidate = build(settings)
        await candidate.warm()
        log.info("shadow_ready", stage=stage, model=candidate.model)

        async def follow(event: AnyEvent) -> None:
            audio = await trial_engines.audio_of(context.bus, event)
            work = await _in_service(context.bus, event)
            if work is None:
                COMPARED.labels(stage, "unanswered").inc()
                return
            done = await candidate.run(event, audio)
            comparison = EngineComparison(
                stage=stage,
                session=event.session,
                job=event.id,
                in_service=work,
                candidate=done,
                difference=None if stage == "tts" else word_error_rate(work.text, done.text),
            )
            await _tell(comparison, settings.shadow_out)

        yield follow

    return opening(
        JOB_TYPES[stage],
        name=f"shadow-{stage}",
        at_once=4,
        tries=1,
        limit_s=180.0,
        user="shadow",
        calls_only=True,
    )(opens)


async def _in_service(bus: Bus, event: AnyEvent) -> Work | None:
    """Return the result of the stage in service for *event*, or None if there is none."""
    subject = subjects.session_events(event.tenant, event.session, "*")
    loop = asyncio.get_running_loop()
    until_s, after = loop.time() + COMPARED_WITHIN_S, 0
    while loop.time() < until_s:
        for stored in await bus.read(subjects.EVENTS_STREAM, subject, after=after):
            after = stored.seq
            result = stored.readable()
            if result and (work := trial_engines.in_service(event, result)) is not None:
                return work
        await asyncio.sleep(LOG_POLL_S)
    return None


async def _tell(made: EngineComparison, out: str) -> None:
    COMPARED.labels(made.stage, "compared").inc()
    if made.difference is not None:
        DIFFERENCE.labels(made.stage).observe(made.difference)
    for side, work in (("in_service", made.in_service), ("candidate", made.candidate)):
        for step, ms in (("first", work.first_ms), ("whole", work.took_ms)):
            if ms is not None:
                COMPARED_STEP_SECONDS.labels(made.stage, step, side).observe(ms / 1000)
    log.info(
        "shadow_compared",
        stage=made.stage,
        job=made.job,
        difference=made.difference,
        in_service_ms=made.in_service.took_ms,
        candidate_ms=made.candidate.took_ms,
    )
    if out:
        line = msgspec.json.encode(made) + b"\n"
        await asyncio.to_thread(_append, Path(out), line)


def _append(file: Path, line: bytes) -> None:
    def private(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)  # it holds callers' words

    with open(file.expanduser(), "ab", opener=private) as out:  # Path.open takes no opener
        out.write(line)
