"""A language model for tests that says which prompts it has read ahead, by their digests."""

from __future__ import annotations

import hashlib

import structlog

from workers.engines.protocols import Prompt
from workers.engines.simulated import SimulatedLanguageModel

log = structlog.get_logger(__name__)


def digest(system: str, *tools: str) -> str:
    """Return what is logged of a prompt: it may hold what no log is to have."""
    return hashlib.sha256("\n".join([system.strip(), *tools]).encode()).hexdigest()


class ReadingModel(SimulatedLanguageModel):
    """Answers as the simulated one."""

    def __init__(self, settings: object) -> None:
        del settings
        super().__init__()

    async def read_ahead(self, request: Prompt) -> None:
        """Log it."""
        names = [tool.name for tool in request.tools]
        log.info("test_prompt_read", prompt=digest(request.system, *names))
