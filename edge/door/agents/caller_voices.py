"""The voices that callers may ask for; an agent may have any."""

import dataclasses
from dataclasses import dataclass

from edge.core.messages.client_commands import Begin

VOICE = "voice.name"
"""The value of the configuration that names the voice."""


@dataclass(frozen=True)
class CallerVoices:
    """The operator's choice."""

    names: frozenset[str]
    """The names of the voices; `*` stands for any."""

    def allowed(self, begin: Begin) -> tuple[Begin, str]:
        """Return *begin* without a voice that callers may not choose, and the reason."""
        wanted = begin.changes.get(VOICE)
        if wanted is None or self.names & {wanted, "*"}:
            return begin, ""
        rest = {path: value for path, value in begin.changes.items() if path != VOICE}
        why = "callers may not ask for this voice here"
        return dataclasses.replace(begin, changes=rest), why
