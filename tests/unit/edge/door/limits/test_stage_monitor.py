"""The load of the stages, from what their workers and queues tell."""

from __future__ import annotations

from edge.door.limits.admission_control import StageLoad
from edge.door.limits.stage_monitor import loads_of
from runtime.bus.consumer_lag import Queue
from runtime.bus.discovery import ProcessStatus, Service


def test_a_stage_is_all_its_workers_and_as_slow_as_the_least_busy_of_them() -> None:
    workers = [
        Service("llm", "a", ProcessStatus(slots=2, in_flight=2, wait_ms=3000)),
        Service("llm", "b", ProcessStatus(slots=1, in_flight=0, wait_ms=100.5)),
        Service("llm", "silent", ProcessStatus()),
        Service("edge", "c", ProcessStatus(calls=9)),
    ]
    loads = loads_of(workers[:2] + workers[3:], [Queue("llm", 3, 2, 0, 0, oldest_ms=700)])
    assert loads == {"llm": StageLoad(3, 2, 700, 100)}
    assert loads_of(workers, [Queue("llm", 0, 0, 0, 0)])["llm"].engine_wait_ms == 0
