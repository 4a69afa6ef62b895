"""An edge's copy of all files of agents and tenants, so that no call has to read the bucket."""

import heapq
from dataclasses import dataclass

from runtime.agents import tenant_file
from runtime.agents.store import Revision
from schemas import subjects
from schemas.tenant import Tenant

NO_FILE = Tenant()


@dataclass(frozen=True, slots=True)
class _StoredFile:
    number: int
    data: bytes
    """The file; empty: the agent was removed."""


class AgentTable:
    """The newest revision of each agent and tenant."""

    def __init__(self) -> None:
        self._files: dict[str, _StoredFile] = {}
        self.changes = 0
        """The number of revisions that were taken."""

    def __len__(self) -> int:
        """Return the number of agents."""
        return sum(
            bool(file.data) for key, file in self._files.items() if not key.startswith("tenants.")
        )

    def note(self, key: str, number: int, data: bytes) -> None:
        """Take revision *number* of the file at *key*, unless a newer one is known.

        Empty *data*: the file was removed.
        """
        known = self._files.get(key)
        if known is None or known.number < number:
            self._files[key] = _StoredFile(number, data)
            self.changes += 1

    def names(self, tenant: str) -> list[str]:
        """Return the names of *tenant*'s agents and of the shared agents, sorted."""
        found = set()
        for owner in (tenant, ""):
            prefix = subjects.agent_key(owner, "x")[:-1]
            keys = (key for key, file in self._files.items() if file.data)
            found |= {key[len(prefix) :] for key in keys if key.startswith(prefix)}
        return sorted(found)

    def find(self, tenant: str, name: str) -> Revision | None:
        """Return the newest revision of *tenant*'s agent *name*, or of the shared one."""
        if not subjects.is_token(name):
            return None
        for owner in (tenant, ""):
            file = self._files.get(subjects.agent_key(owner, name))
            if file and file.data:
                text = file.data.decode(errors="replace")
                return Revision(owner, name, file.number, "", text)
        return None

    def latest(self, most: int) -> list[Revision]:
        """Return the *most* agents that were applied last, the newest first."""
        files = ((file.number, key) for key, file in self._files.items() if file.data)
        agents = ((number, key) for number, key in files if not key.startswith("tenants."))
        found = []
        for number, key in heapq.nlargest(most, agents):
            *owner, name = key.split(".")
            text = self._files[key].data.decode(errors="replace")
            found.append(Revision(owner[1] if len(owner) > 1 else "", name, number, "", text))
        return found

    def tenant(self, name: str) -> Tenant:
        """Return the settings of the tenant *name*; the defaults if it has no file.

        Raises:
            ConfigFileError: this version of Aura cannot read its file.
        """
        file = self._files.get(subjects.tenant_key(name)) if subjects.is_token(name) else None
        return (
            tenant_file.parse(file.data.decode(errors="replace")) if file and file.data else NO_FILE
        )
