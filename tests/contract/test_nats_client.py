"""nats-py's client is used by the bus alone; import-linter sees imports, and no attributes."""

from __future__ import annotations

from tests.sources import ROOT, python_files

BUS = ROOT / "runtime" / "bus"
PACKAGES = ("aura", "benchmarks", "deploy", "edge", "runtime", "schemas", "workers")


def test_only_the_bus_names_the_client_of_nats_py() -> None:
    paths = list(python_files(PACKAGES))
    users = [path for path in paths if ".nats_client" in path.read_text(encoding="utf-8")]
    assert BUS / "connection.py" in users
    assert [path for path in users if BUS not in path.parents] == []
