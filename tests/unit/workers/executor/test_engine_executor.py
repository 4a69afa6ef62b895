"""Blocking work behind the loop: order, room for what is urgent, and what hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from workers.engines.errors import EngineError
from workers.executor.engine_executor import BatchWork, EngineExecutor


async def test_urgent_work_goes_in_front_of_what_waits() -> None:
    executor, gate = EngineExecutor(1, limit_s=5), threading.Event()
    done: list[int] = []
    first = asyncio.create_task(executor.run(gate.wait))
    await asyncio.sleep(0)
    tasks = [asyncio.create_task(executor.run(done.append, rank, rank=rank)) for rank in (2, 1, 0)]
    await asyncio.sleep(0)
    assert executor.waiting == 3
    gate.set()
    await asyncio.gather(first, *tasks)
    assert done == [0, 1, 2]


async def test_what_can_wait_leaves_a_place_for_what_cannot() -> None:
    executor, gate = EngineExecutor(2, limit_s=5), threading.Event()
    slow = [asyncio.create_task(executor.run(gate.wait, rank=1)) for _ in range(2)]
    await asyncio.sleep(0)
    assert executor.waiting == 1
    assert await executor.run(lambda: "at once") == "at once"
    gate.set()
    await asyncio.gather(*slow)


async def test_a_caller_that_left_gives_its_place_back() -> None:
    executor, gate = EngineExecutor(1, limit_s=5), threading.Event()
    first = asyncio.create_task(executor.run(gate.wait))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(executor.run(lambda: "never"))
    await asyncio.sleep(0)
    waiting.cancel()
    first.cancel()
    gate.set()
    assert await executor.run(lambda: "still works") == "still works"


async def test_one_session_with_much_work_waits_behind_the_next_of_another() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader(most=1)
    tasks = await busy(executor, reader)
    for session, count in (("flood", 6), ("b", 2), ("c", 1)):
        for number in range(count):
            done = executor.run_batched(reader.work, f"{session}{number}", owner=("t", session))
            tasks.append(asyncio.create_task(done))
    await asyncio.sleep(0)
    reader.gate.set()
    await asyncio.gather(*tasks)
    order = [call[0] for call in reader.calls[1:]]
    assert set(order[:3]) == {"flood0", "b0", "c0"}
    assert set(order[3:5]) == {"flood1", "b1"}


async def test_an_error_of_the_engine_reaches_its_caller() -> None:
    executor = EngineExecutor(1, limit_s=5)
    with pytest.raises(ZeroDivisionError):
        await executor.run(lambda: 1 / 0)


async def test_it_tells_how_long_urgent_work_has_waited() -> None:
    now = [100.0]
    executor, gate = EngineExecutor(1, limit_s=5, clock=lambda: now[0]), threading.Event()
    first = asyncio.create_task(executor.run(gate.wait, owner=("t", "a")))
    await asyncio.sleep(0)
    b = ("t", "b")
    later = [asyncio.create_task(executor.run(int, rank=rank, owner=b)) for rank in (0, 1)]
    await asyncio.sleep(0)
    now[0] += 0.5
    assert executor.wait_ms == 500
    later[0].cancel()
    await asyncio.sleep(0)
    assert executor.wait_ms == 0
    gate.set()
    await asyncio.gather(first, later[1])


class Reader:
    """An engine that takes several at once; a `!` breaks the call it is in."""

    def __init__(self, most: int = 8) -> None:
        self.calls: list[list[str]] = []
        self.gate = threading.Event()
        self.work = BatchWork(self._read, kind="en", most_items=most)

    def other(self, kind: str) -> BatchWork:
        return BatchWork(self._read, kind=kind, most_items=8)

    def _read(self, items: Sequence[str]) -> Iterator[tuple[int, str]]:
        self.calls.append(list(items))
        if items == ["first"]:
            self.gate.wait()
        for index, item in reversed(list(enumerate(items))):
            if "!" in item:
                raise ValueError(item)
            if item != "silent":
                yield index, item.upper()


async def busy(
    executor: EngineExecutor, reader: Reader, *waiting: str, rank: int = 0
) -> list[asyncio.Task[str]]:
    """Have the only thread of *executor* taken and *waiting* wait for it."""
    tasks = [asyncio.create_task(executor.run_batched(reader.work, "first"))]
    await asyncio.sleep(0)
    for item in waiting:
        tasks.append(asyncio.create_task(executor.run_batched(reader.work, item, rank=rank)))
        await asyncio.sleep(0)
    return tasks


async def test_what_waits_is_done_in_one_call_and_each_gets_its_own_answer() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader()
    tasks = await busy(executor, reader, "a", "b", "c")
    reader.gate.set()
    assert await asyncio.gather(*tasks) == ["FIRST", "A", "B", "C"]
    assert reader.calls == [["first"], ["a", "b", "c"]]


async def test_a_lone_utterance_waits_for_no_company() -> None:
    executor, reader = EngineExecutor(2, limit_s=5), Reader()
    for item in ("a", "b"):
        assert await executor.run_batched(reader.work, item) == item.upper()
    assert reader.calls == [["a"], ["b"]]


async def test_no_call_takes_more_than_the_most() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader(most=2)
    tasks = await busy(executor, reader, *"abc")
    reader.gate.set()
    await asyncio.gather(*tasks)
    assert reader.calls[1:] == [["a", "b"], ["c"]]


async def test_finals_go_before_partials_and_not_in_one_call_with_them() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader()
    tasks = await busy(executor, reader, "p", "q", rank=1)
    tasks += [
        asyncio.create_task(executor.run_batched(reader.work, item, rank=0)) for item in ("f", "g")
    ]
    await asyncio.sleep(0)
    reader.gate.set()
    await asyncio.gather(*tasks)
    assert reader.calls[1:] == [["f", "g"], ["p", "q"]]


async def test_only_what_is_alike_is_done_together() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader()
    tasks = await busy(executor, reader, "a")
    tasks.append(asyncio.create_task(executor.run_batched(reader.other("de"), "x")))
    tasks.append(asyncio.create_task(executor.run_batched(reader.work, "b")))
    await asyncio.sleep(0)
    reader.gate.set()
    await asyncio.gather(*tasks)
    assert reader.calls[1:] == [["a", "b"], ["x"]]


async def test_a_place_takes_its_share_and_leaves_the_rest_to_the_others() -> None:
    executor, reader = EngineExecutor(2, limit_s=5), Reader()
    tasks = await busy(executor, reader, "first", *"abcd")
    reader.gate.set()
    await asyncio.gather(*tasks)
    assert sorted(reader.calls[2:]) == [["a", "b"], ["c"], ["d"]]


async def test_a_broken_one_spoils_only_itself() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader()
    tasks = await busy(executor, reader, "a", "!", "c")
    reader.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [repr(answer) for answer in answers] == ["'FIRST'", "'A'", "ValueError('!')", "'C'"]


async def test_one_without_a_result_is_an_error_and_the_others_have_theirs() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader()
    tasks = await busy(executor, reader, "a", "silent")
    reader.gate.set()
    assert await asyncio.gather(*tasks[:2]) == ["FIRST", "A"]
    with pytest.raises(EngineError, match="no result"):
        await tasks[2]


async def test_who_left_is_not_in_the_batch() -> None:
    executor, reader = EngineExecutor(1, limit_s=5), Reader()
    tasks = await busy(executor, reader, "a", "b", "c")
    tasks.pop(2).cancel()
    await asyncio.sleep(0)
    reader.gate.set()
    assert await asyncio.gather(*tasks) == ["FIRST", "A", "C"]
    assert reader.calls[1:] == [["a", "c"]]
