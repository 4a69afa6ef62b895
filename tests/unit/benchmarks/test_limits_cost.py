"""The share of the limits in what py-spy saw."""

from benchmarks.limits_cost import share

SEEN = """main (asyncio/runners.py:190);look (edge/door/limits/connection_budget.py:200) 3
main (asyncio/runners.py:190);fits (runtime/common_share.py:50) 1
main (asyncio/runners.py:190);step (edge/core/call.py:10) 95
main (asyncio/runners.py:190);<lambda> (<string>:1) 1
"""


def test_looks_at_limits_are_counted_by_what_runs_and_not_by_who_calls() -> None:
    found = share(SEEN)
    assert (found["looks"], found["limits_percent"]) == (100, 4.0)
    assert found["give_or_take_percent"] == 4.0
