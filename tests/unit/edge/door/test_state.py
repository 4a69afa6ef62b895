"""Whose new calls are refused first, where a stage falls behind."""

from __future__ import annotations

import time

from nats.aio.client import Client

from edge.door.limits.admission_control import AdmissionControl, StageLoad
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.stage_monitor import StageMonitor
from runtime.bus.connection import Bus
from tests.edge_in_process import an_edge


async def test_who_is_ahead_and_who_shows_no_token_is_refused_before_others() -> None:
    bus, admission, budgets = Bus(Client()), AdmissionControl(3000, 60), Budgets(Costs())
    async with an_edge(bus) as edge:
        edge.stages, edge.budgets = StageMonitor(bus, admission), budgets

    def full(address: str, *, stranger: bool = False) -> str:
        return edge.full_stage(address, stranger)

    now_s = time.monotonic()
    with budgets.opened("flood", now_s) as flood, budgets.opened("live", now_s) as live:
        flood.spend_audio(30)
        flood.check(now_s)
        live.spend_audio(1)
        live.check(now_s)
        assert not full("flood")
        assert not full("live", stranger=True)
        admission.update({"stt": StageLoad(2, 2, oldest_ms=1500)}, now_s)
        assert (full("flood"), full("live"), full("new")) == ("stt", "", "")
        assert full("live", stranger=True) == "stt"
        admission.update({"stt": StageLoad(2, 2, oldest_ms=3500)}, now_s)
        assert (full("flood"), full("live"), full("new")) == ("stt", "stt", "stt")
