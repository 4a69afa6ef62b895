"""When new calls are refused, with what was seen and its time as arguments."""

from __future__ import annotations

from edge.door.limits.admission_control import AdmissionControl, StageLoad
from runtime.settings import load

FULL = StageLoad(slots=2, in_flight=2, oldest_ms=1000)


def test_a_job_that_waits_while_all_are_busy_has_new_calls_refused() -> None:
    overload = AdmissionControl(1000, 5)
    overload.update({"stt": StageLoad(4, 1), "llm": FULL}, 10.0)
    assert overload.full(10.0) == "llm"


def test_they_are_welcome_again_after_a_time_without_one() -> None:
    overload = AdmissionControl(1000, 5)
    overload.update({"llm": FULL}, 10.0)
    overload.update({"llm": StageLoad(2, 0)}, 11.0)
    assert overload.full(14.9) == "llm"
    assert overload.full(15.0) == ""


def test_busy_workers_alone_are_no_reason() -> None:
    assert not StageLoad(slots=2, in_flight=2, oldest_ms=999).behind(1000)


def test_jobs_that_wait_while_there_is_room_are_a_fault_and_no_overload() -> None:
    assert not StageLoad(slots=2, in_flight=1, oldest_ms=9000).behind(1000)
    assert not StageLoad(slots=0, in_flight=0, oldest_ms=9000).behind(1000)


def test_work_that_waits_inside_every_worker_counts_though_slots_are_free() -> None:
    assert StageLoad(slots=16, in_flight=9, engine_wait_ms=1200).behind(1000)


def test_a_limit_of_zero_refuses_nobody() -> None:
    overload = AdmissionControl(0, 5)
    overload.update({"llm": FULL}, 1.0)
    assert overload.full(1.0) == ""


def test_a_stage_that_is_busy_for_strangers_is_strained_and_not_full() -> None:
    overload = AdmissionControl(1000, 5)
    overload.update({"llm": FULL}, 10.0, {"llm"})
    assert (overload.full(10.0), overload.strained(10.0)) == ("", "llm")
    overload.update({"llm": FULL}, 11.0, {"stt"})
    assert overload.full(11.0) == "llm"


def test_a_stage_is_strained_before_it_is_full() -> None:
    overload = AdmissionControl(3000, 5)
    overload.update({"stt": StageLoad(slots=2, in_flight=2, oldest_ms=1000)}, 10.0)
    assert (overload.strained(10.0), overload.full(10.0)) == ("stt", "")
    overload.update({"stt": StageLoad(slots=2, in_flight=2, oldest_ms=3000)}, 11.0)
    assert (overload.strained(11.0), overload.full(11.0)) == ("stt", "stt")
    assert (overload.strained(16.0), overload.full(16.0)) == ("", "")


def test_where_a_limit_of_zero_refuses_nobody_no_stage_is_strained() -> None:
    overload = AdmissionControl(0, 5)
    overload.update({"llm": FULL}, 1.0)
    assert overload.strained(1.0) == ""


def test_the_operator_sets_the_wait_and_the_calm() -> None:
    settings = load(_env_file=None, overload_wait_ms=1000, overload_calm_s=2)
    overload = AdmissionControl.of(settings)
    overload.update({"llm": FULL}, 10.0)
    assert (overload.full(11.9), overload.full(12.0)) == ("llm", "")
