"""An edge's copy of all agents and tenants, by their keys in the bucket: no call asks the bus."""

import heapq
from dataclasses import dataclass

from runtime.agents import tenant_file
from runtime.agents.store import Revision
from schemas import subjects
from schemas.tenant import Tenant

NO_FILE = Tenant()


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    data: bytes
    """The file; empty: the agent was removed."""


class AgentTable:
    """The newest revision of each agent and tenant."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self.changes = 0
        """The number of revisions that were taken."""

    def __len__(self) -> int:
        """Return the number of agents."""
        return sum(
            bool(kept.data) for key, kept in self._kept.items() if not key.startswith("tenants.")
        )

    def note(self, key: str, number: int, data: bytes) -> None:
        """Take a revision of what is at *key*, unless a newer one is known; empty: removed."""
        known = self._kept.get(key)
        if known is None or known.number < number:
            self._kept[key] = _Kept(number, data)
            self.changes += 1

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

    def latest(self, most: int) -> list[Revision]:
        """Return the *most* agents that were applied last, the newest first."""
        kept = ((one.number, key) for key, one in self._kept.items() if one.data)
        agents = ((number, key) for number, key in kept if not key.startswith("tenants."))
        found = []
        for number, key in heapq.nlargest(most, agents):
            *whose, name = key.split(".")
            text = self._kept[key].data.decode(errors="replace")
            found.append(Revision(whose[1] if len(whose) > 1 else "", name, number, "", text))
        return found

    def tenant(self, name: str) -> Tenant:
        """Return what the tenant *name* is set to; nothing where it has no file.

        Raises:
            ConfigFileError: this version of Aura cannot read its file.
        """
        kept = self._kept.get(subjects.tenant_key(name)) if subjects.is_token(name) else None
        return (
            tenant_file.parse(kept.data.decode(errors="replace")) if kept and kept.data else NO_FILE
        )
