"""Chooses the built-in language model, if AURA_LLM_MODEL is empty, by cores and memory.

Pure. docs/adr/0048 has the measurements behind the numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SMALL: Final = "gemma3-270m"
CAPABLE: Final = "qwen2.5-1.5b-instruct"
LEAST_CORES: Final = 4
"""With fewer cores the capable model's first words come too late beside recogniser and voice."""
LEAST_MEMORY_BYTES: Final = 6 << 30
"""Its weights are 1.1 GB, mapped; recogniser, voice and the system need memory too."""


@dataclass(frozen=True)
class Choice:
    """A model, and the reason in words."""

    model: str
    why: str
    better: str = ""
    """A better model for the machine, which was not fetched."""


def choice(cores: int, memory_bytes: int, is_here: Callable[[str], bool]) -> Choice:
    """Return the built-in model for a machine; *is_here*: a model was fetched.

    *memory_bytes* is 0 if it is not known.
    """
    size = f"{cores} cores, {memory_bytes / 2**30:.0f} GiB"
    if cores < LEAST_CORES or memory_bytes < LEAST_MEMORY_BYTES:
        needs = f"{LEAST_CORES} cores and {LEAST_MEMORY_BYTES >> 30} GiB"
        return Choice(SMALL, f"{size}: {CAPABLE} needs {needs} to answer in time")
    if is_here(CAPABLE):
        return Choice(CAPABLE, f"{size}: it follows prompts and calls tools, and is here")
    return Choice(SMALL, f"{CAPABLE}, which follows prompts, is not here", better=CAPABLE)
