"""An edge's copy of the agents: which were applied last."""

from __future__ import annotations

from edge.door.agents.agent_table import AgentTable


def test_the_agents_that_were_applied_last_come_first_and_no_removed_one_nor_a_tenants_file() -> (
    None
):
    table = AgentTable()
    keys = ["shared.old", "tenant.acme.host", "shared.gone", "tenants.acme", "shared.new"]
    for number, key in enumerate(keys, 1):
        table.note(key, number, b"prompt: hi")
    table.note("shared.gone", 6, b"")
    latest = table.latest(4)
    assert [(one.tenant, str(one)) for one in latest] == [
        ("", "new@5"),
        ("acme", "host@2"),
        ("", "old@1"),
    ]
    assert table.latest(1) == latest[:1]
    assert latest[0].agent().prompt == "hi"
