"""An edge's copy of the agents: which were applied last."""

from __future__ import annotations

import pytest

from edge.door.agents.agent_table import AgentTable
from runtime.agents.config_file import ConfigFileError
from schemas.tenant import Tenant


def known() -> AgentTable:
    """Return a table of shared agents, of agents of two tenants and of one tenant's file."""
    table = AgentTable()
    for number, key in enumerate(
        ["shared.host", "tenant.acme.host", "tenant.acme.cook", "tenant.rival.bar"], 1
    ):
        table.note(key, number, f"prompt: {key}".encode())
    table.note("tenants.acme", 5, b"agent: cook")
    return table


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


def test_a_tenant_has_its_own_agents_and_the_shared_ones_and_no_others() -> None:
    table = known()
    assert len(table) == 4
    assert table.names("acme") == ["cook", "host"]
    assert table.names("rival") == ["bar", "host"]
    assert table.names("nobody") == ["host"]
    found = table.find("acme", "host")
    assert found
    assert (found.tenant, str(found), found.agent().prompt) == (
        "acme",
        "host@2",
        "tenant.acme.host",
    )
    shared = table.find("rival", "host")
    assert shared
    assert (shared.tenant, shared.number) == ("", 1)
    assert table.find("rival", "cook") is None


@pytest.mark.parametrize("name", ["", "tenant.acme.cook", "*", "a b"])
def test_a_name_that_is_no_token_finds_nothing(name: str) -> None:
    assert known().find("acme", name) is None
    assert known().tenant(name) == Tenant()


def test_a_removed_agent_is_neither_found_nor_listed_and_an_older_revision_changes_nothing() -> (
    None
):
    table = known()
    table.note("tenant.acme.cook", 7, b"")
    changes = table.changes
    table.note("tenant.acme.cook", 6, b"prompt: late")
    assert table.changes == changes
    assert table.find("acme", "cook") is None
    assert (table.names("acme"), len(table)) == (["host"], 3)


def test_a_tenants_file_is_read_until_it_is_removed() -> None:
    table = known()
    assert table.tenant("acme").agent == "cook"
    assert table.tenant("rival") == Tenant()
    table.note("tenants.acme", 8, b"agent: [")
    with pytest.raises(ConfigFileError):
        table.tenant("acme")
    table.note("tenants.acme", 9, b"")
    assert table.tenant("acme") == Tenant()
