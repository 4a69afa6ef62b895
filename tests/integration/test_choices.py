"""What the talk page offers before a call: all that its token may have, and nothing without one."""

from __future__ import annotations

from edge.door.state import Edge
from runtime.bus.connection import Bus
from schemas.subjects import agent_key
from tests.edge_in_process import Client, bearer, serving, token

PATH = "/talk/choices.json"
NOTHING: dict[str, list[object]] = {"agents": [], "voices": []}


def with_agents(edge: Edge) -> None:
    edge.agents.table.note(agent_key("acme", "cook"), 1, b"description: Cooks")
    edge.agents.table.note(agent_key("other", "spy"), 2, b"description: Spies")


async def test_a_token_is_offered_the_agents_of_its_tenant_and_the_voices_by_name(
    bus: Bus,
) -> None:
    async with serving(bus, caller_voices="joe, *, amy") as (edge, client):
        with_agents(edge)
        async with client.get(PATH, headers=bearer(token())) as answer:
            found = await answer.json()
    assert [(one["name"], one["about"]) for one in found["agents"]] == [("", ""), ("cook", "Cooks")]
    assert found["voices"] == ["amy", "joe"], "any voice may be asked for; these have names"


async def asked(client: Client, text: str | None) -> tuple[int, object]:
    headers = bearer(text) if text is not None else {}
    async with client.get(PATH, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_without_a_token_or_with_one_in_the_query_the_lists_are_empty(bus: Bus) -> None:
    """A query is kept by logs of proxies; a page has its token in a header."""
    async with serving(bus, caller_voices="joe") as (edge, client):
        with_agents(edge)
        assert await asked(client, None) == (200, NOTHING)
        assert await asked(client, token(lives_s=-100)) == (200, NOTHING)
        async with client.get(f"{PATH}?token={token()}") as answer:
            assert await answer.json() == NOTHING


async def test_wrong_tokens_count_like_those_of_calls(bus: Bus) -> None:
    async with serving(bus, joins_per_minute_per_ip=4) as (_, client):
        assert [(await asked(client, "wrong"))[0] for _ in range(3)] == [200, 200, 429]
        assert (await asked(client, token()))[0] == 429
