"""A call of a tool: its result or its failure, and nothing runs twice that must not."""

from __future__ import annotations

from typing import Any, cast

import msgpack
import pytest

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import codec
from schemas import events as ev
from schemas.tools import MOST_RESULT_BYTES, ToolConfig
from tests.unit.workers.result_log import ResultLog
from workers.loop.stage import FRESH_JOB_S, JobContext
from workers.tools.backends import CallFailedError
from workers.tools.stage import ToolStage, text_of

HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1_000_000}
SCHEMA = {"type": "object", "properties": {"guests": {"type": "integer"}}, "required": ["guests"]}
BOOK = ToolConfig(name="book", parameters=SCHEMA)
ASK = ToolConfig(name="ask", idempotent=True)
KEY: dict[str, Any] = {"turn": 3, "step": 1, "call": 2}


class Service:
    """A tool that answers with *said*, or fails with it."""

    def __init__(self, said: bytes | Exception = b'{"ok": true}') -> None:
        self._said = said
        self.calls, self.is_closed = list[ev.ToolRequested](), False

    async def run(self, request: ev.ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        del bus
        assert timeout_s > 0
        self.calls.append(request)
        if isinstance(self._said, Exception):
            raise self._said
        return self._said

    async def close(self) -> None:
        self.is_closed = True


def requested(
    tool: ToolConfig = BOOK, arguments: str = '{"guests": 2}', deadline_ms: int = 1_005_000
) -> ev.ToolRequested:
    return ev.ToolRequested(**HEAD, **KEY, tool=tool, arguments=arguments, deadline_ms=deadline_ms)


def begun(runner: str = "another", **changes: Any) -> ev.ToolBegun:
    return ev.ToolBegun(**HEAD, **{**KEY, **changes}, runner=runner)


def returned(**changes: Any) -> ev.ToolReturned:
    return ev.ToolReturned(**HEAD, **{**KEY, **changes}, name="book", result="{}", took_ms=1.0)


def failed(**changes: Any) -> ev.ToolFailed:
    return ev.ToolFailed(**HEAD, **{**KEY, **changes}, name="book", reason="refused")


async def outcome(
    service: Service,
    log: ResultLog,
    event: ev.ToolRequested | None = None,
    *,
    attempt: int = 1,
    waited_s: float = 0.0,
    took_s: float = 0.25,
) -> ev.Event | None:
    """Run a call, and return what was published of it."""
    bus = cast("Bus", log)  # the part of a bus that a call needs
    job = JobContext(
        event or requested(), 50, attempt, bus, 10.0, waited_s, clock=lambda: 10.0 + took_s
    )
    await ToolStage({"nats": service}).run(job)
    assert len(log.published) <= 1
    return log.published[0] if log.published else None


def reason(found: ev.Event | None) -> tuple[str, str]:
    assert isinstance(found, ev.ToolFailed)
    assert (found.turn, found.step, found.call) == (3, 1, 2)
    assert not found.by_edge
    return found.reason, found.detail


async def test_a_call_is_made_once_and_its_result_is_published() -> None:
    service, log = Service(), ResultLog()
    event = await outcome(service, log)
    assert isinstance(event, ev.ToolReturned)
    assert (event.turn, event.step, event.call) == (3, 1, 2)
    assert (event.name, event.result) == ("book", '{"ok": true}')
    assert (event.at_ms, event.took_ms) == (1_000_250, 250.0)
    assert len(service.calls) == 1
    assert log.read_after == [], "a fresh job reads nothing first"


@pytest.mark.parametrize(("tool", "marks"), [(BOOK, 1), (ASK, 0)])
async def test_only_a_call_that_must_not_run_twice_is_marked_as_begun(
    tool: ToolConfig, marks: int
) -> None:
    log = ResultLog()
    await outcome(Service(), log, requested(tool))
    assert [type(event) for event in log.stored] == [ev.ToolBegun] * marks


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (CallFailedError("refused", "full"), ("refused", "full")),
        (CallFailedError("unknown", "x" * 900), ("unknown", "x" * 500)),
        (
            TimeoutError(),
            ("timeout", "it did not answer in time; it may have been done all the same"),
        ),
    ],
)
async def test_a_failure_is_published_with_its_reason(
    error: Exception, why: tuple[str, str]
) -> None:
    assert reason(await outcome(Service(error), ResultLog())) == why


async def test_a_late_answer_of_a_call_that_may_run_twice_is_no_doubt() -> None:
    event = await outcome(Service(TimeoutError()), ResultLog(), requested(ASK))
    assert reason(event) == ("timeout", "it did not answer in time")


@pytest.mark.parametrize("error", [BusAwayError("away"), RuntimeError("a bug")])
async def test_any_other_error_leaves_the_job_to_another_attempt(error: Exception) -> None:
    log = ResultLog()
    with pytest.raises(type(error)):
        await outcome(Service(error), log)
    assert log.published == []


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        ("{}", "guests"),
        ('{"guests": "two"}', "guests"),
        ("no JSON", "the arguments are not JSON"),
        ("[" * 5_000, "the arguments are not JSON"),
    ],
)
async def test_arguments_that_do_not_fit_reach_no_tool(arguments: str, detail: str) -> None:
    service, log = Service(), ResultLog()
    why = reason(await outcome(service, log, requested(arguments=arguments)))
    assert why[0] == "invalid"
    assert detail in why[1]
    assert (service.calls, log.stored) == ([], [])


async def test_a_kind_that_this_runner_does_not_serve_is_unknown() -> None:
    webhook = ToolConfig(name="hook", kind="webhook", target="https://a.example")
    failure = reason(await outcome(Service(), ResultLog(), requested(webhook)))
    assert failure == ("unknown", "this runner has no tools of kind webhook")


@pytest.mark.parametrize(
    ("deadline_ms", "waited_s", "took_s"),
    [(1_000_000, 0.0, 0.0), (1_000_019, 0.0, 0.0), (1_005_000, 4.99, 0.0), (1_005_000, 4.0, 0.99)],
)
async def test_a_call_whose_time_is_over_is_not_made(
    deadline_ms: int, waited_s: float, took_s: float
) -> None:
    service = Service()
    event = requested(ASK, deadline_ms=deadline_ms)
    found = await outcome(service, ResultLog(), event, waited_s=waited_s, took_s=took_s)
    assert reason(found) == ("timeout", "the deadline had passed before it began")
    assert service.calls == []


@pytest.mark.parametrize(("attempt", "waited_s"), [(2, 0.0), (1, FRESH_JOB_S)])
@pytest.mark.parametrize("before", [returned(), failed()], ids=["returned", "failed"])
async def test_a_call_whose_outcome_is_known_is_left_alone(
    attempt: int, waited_s: float, before: ev.Event
) -> None:
    service, log = Service(), ResultLog(before)
    assert await outcome(service, log, attempt=attempt, waited_s=waited_s) is None
    assert service.calls == []
    assert log.read_after == [50]


@pytest.mark.parametrize("other", [{"turn": 4}, {"step": 0}, {"call": 1}])
@pytest.mark.parametrize("before", [begun, returned, failed])
async def test_events_of_other_calls_do_not_count(before: Any, other: dict[str, int]) -> None:
    service = Service()
    event = await outcome(service, ResultLog(before(**other)), attempt=2)
    assert isinstance(event, ev.ToolReturned)
    assert len(service.calls) == 1


async def test_an_event_of_a_newer_version_does_not_count() -> None:
    service, log = Service(), ResultLog()
    newer = {"type": "tool.imagined", **HEAD, **KEY}
    log.newer.append((msgpack.packb(newer), {codec.TYPE_HEADER: "tool.imagined"}))
    assert isinstance(await outcome(service, log, attempt=2), ev.ToolReturned)
    assert len(service.calls) == 1


async def test_a_call_that_another_attempt_has_begun_is_not_made_again() -> None:
    service, log = Service(), ResultLog(begun())
    log.knows_ids = False  # as a server after its window for duplicates
    event = await outcome(service, log, attempt=2)
    assert reason(event) == ("unknown_outcome", "it may have been done; it was not done again")
    assert service.calls == []


async def test_a_call_that_may_run_twice_is_made_again_and_without_a_schema_takes_anything() -> (
    None
):
    service, asked = Service(), requested(ASK, arguments='{"any": 1}')
    event = await outcome(service, ResultLog(begun()), asked, attempt=2)
    assert isinstance(event, ev.ToolReturned)
    assert len(service.calls) == 1


async def test_of_two_attempts_at_once_one_makes_the_call() -> None:
    service, log = Service(), ResultLog(begun())  # it was stored after this attempt had looked
    assert reason(await outcome(service, log))[0] == "unknown_outcome"
    assert service.calls == []


async def test_a_mark_whose_answer_was_lost_is_found_by_its_runner() -> None:
    service, log = Service(), ResultLog()
    log.store_fails = [True]
    assert isinstance(await outcome(service, log), ev.ToolReturned)
    assert len(service.calls) == 1


async def test_a_lost_answer_about_the_mark_of_another_attempt_is_a_doubt() -> None:
    service, log = Service(), ResultLog(begun())
    log.store_fails = [False]
    assert reason(await outcome(service, log))[0] == "unknown_outcome"
    assert service.calls == []


async def test_without_a_mark_in_the_log_the_job_waits_for_another_attempt() -> None:
    service, log = Service(), ResultLog()
    log.store_fails = [False]
    with pytest.raises(BusAwayError):
        await outcome(service, log)
    assert (service.calls, log.published) == ([], [])


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b'{"ok": true}', '{"ok": true}'),
        ("grün".encode(), "grün"),
        (b"", '""'),
        (b"x" * MOST_RESULT_BYTES, "x" * MOST_RESULT_BYTES),
    ],
)
def test_the_bytes_of_a_result_become_text(said: bytes, text: str) -> None:
    assert text_of(said) == text


@pytest.mark.parametrize("said", [b"x" * (MOST_RESULT_BYTES + 1), b"\xff\xfe"])
async def test_any_other_result_is_a_failure(said: bytes) -> None:
    assert reason(await outcome(Service(said), ResultLog()))[0] == "invalid"


@pytest.mark.parametrize(("tool", "turn"), [(BOOK, None), (ToolConfig(name="a", cancel=True), 3)])
def test_a_call_ends_with_its_turn_if_its_tool_says_so(tool: ToolConfig, turn: int | None) -> None:
    target = ToolStage({}).target(requested(tool))
    assert (target.turn, target.index) == (turn, 2)


async def test_all_kinds_of_tools_are_named_and_closed() -> None:
    services = Service(), Service()
    stage = ToolStage({"webhook": services[0], "nats": services[1]})
    assert stage.model == "nats+webhook"
    await stage.close()
    assert all(service.is_closed for service in services)
