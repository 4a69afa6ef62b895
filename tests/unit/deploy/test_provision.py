"""A cluster whose nodes are still joining; the answers are those of a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from deploy.provision import JETSTREAM_S, ProvisionError, provision
from runtime.bus.connection import Bus

OFFLINE = "no suitable peers for placement, peer offline"
FULL = "no suitable peers for placement, insufficient storage"


class Cluster:
    """Answers requests of JetStream: streams are refused for *whys*, one after the other."""

    def __init__(self, whys: Iterator[str]) -> None:
        self._whys = whys
        self.refused = 0

    async def api(self, verb: str, body: Any, *, timeout_s: float) -> dict[str, Any]:
        del body, timeout_s
        if verb.startswith("STREAM.INFO"):
            return {"error": {"code": 404, "err_code": 10059, "description": "stream not found"}}
        if verb.startswith("STREAM.CREATE") and (why := next(self._whys, "")):
            self.refused += 1
            return {"error": {"code": 400, "err_code": 10005, "description": why}}
        return {}


async def provisioned(whys: Iterator[str]) -> tuple[list[str], Cluster]:
    cluster = Cluster(whys)
    return await provision(cast("Bus", cluster), replicas=3), cluster


async def test_nodes_that_have_not_joined_are_waited_for() -> None:
    changed, cluster = await provisioned(iter([OFFLINE] * 5))
    assert cluster.refused == 5
    assert "stream AURA_EVENTS created" in changed


async def test_a_node_that_never_joins_is_told_after_a_while() -> None:
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(ProvisionError, match="fewer servers than AURA_REPLICAS"):
        await provisioned(iter(lambda: OFFLINE, ""))
    assert asyncio.get_running_loop().time() - began_s == pytest.approx(JETSTREAM_S, abs=0.5)


async def test_a_full_node_is_told_at_once() -> None:
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(ProvisionError, match="too little room"):
        await provisioned(iter([FULL]))
    assert asyncio.get_running_loop().time() == began_s
