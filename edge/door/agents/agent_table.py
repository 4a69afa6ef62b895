"""An edge's copy of all agents, by their keys in the bucket: a call need not ask for one."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.agents.store import Revision
from schemas import subjects


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    data: bytes
    """The file; empty: the agent was removed."""


class AgentTable:
    """The newest revision of each agent."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def __len__(self) -> int:
        return sum(bool(kept.data) for kept in self._kept.values())

    def note(self, key: str, number: int, data: bytes) -> None:
        """Take a revision of the agent at *key*, unless a newer one is known; empty: removed."""
        known = self._kept.get(key)
        if known is None or known.number < number:
            self._kept[key] = _Kept(number, data)

    def names(self, tenant: str) -> list[str]:
        """Return the names of *tenant*'s agents and of those that all share, sorted."""
        found = set()
        for whose in (tenant, ""):
            prefix = subjects.agent_key(whose, "x")[:-1]
            keys = (key for key, kept in self._kept.items() if kept.data)
            found |= {key[len(prefix) :] for key in keys if key.startswith(prefix)}
        return sorted(found)

    def find(self, tenant: str, name: str) -> Revision | None:
        """Return the newest revision of *tenant*'s agent *name*, or of the one that all share."""
        if not subjects.is_token(name):
            return None
        for whose in (tenant, ""):
            kept = self._kept.get(subjects.agent_key(whose, name))
            if kept and kept.data:
                text = kept.data.decode(errors="replace")
                return Revision(whose, name, kept.number, "", text)
        return None
