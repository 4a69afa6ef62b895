"""The errors of engines.

EngineError                    anything an engine says
├── EngineMissingError         refuse: a library is not installed (the message names the extra)
├── WeightsError               refuse: a model file is missing, damaged or has no room on the disk
├── EngineUnavailableError     retry: network, 429, 5xx, timeout
│   └── ServerUnavailableError of a server, in words of ours
└── EngineRefusedError         give up: 400, 401, a wrong model (the message names the setting)
    └── OnlyThoughtError       give up: a thought, and no response

No message holds a key, a prompt or what somebody said.
"""

from typing import Literal

from runtime.version import installing


class EngineError(Exception):
    """An engine cannot do its work."""


class EngineMissingError(EngineError):
    """The library of an engine is not installed."""

    def __init__(self, library: str, extra: Literal["stt", "llm", "local-llm", "tts"]) -> None:
        """Say which *extra* of aura-voice brings *library*."""
        super().__init__(f"{library} is not installed: {installing(extra)}")


class WeightsError(EngineError):
    """The weights of a model are missing, are not the expected ones, or do not fit on the disk."""


class EngineUnavailableError(EngineError):
    """The engine does not answer now; the same request may succeed later."""


class ServerUnavailableError(EngineUnavailableError):
    """A server does not answer now; the words are ours, and fit for a log."""


class EngineRefusedError(EngineError):
    """The engine will not do this however often it is asked."""


class OnlyThoughtError(EngineRefusedError):
    """A language model spent its tokens on a thought and had none left for a response."""

    def __init__(self) -> None:
        super().__init__(
            "the language model had nothing to say: it only thought; raise AURA_MAX_TOKENS, or "
            "turn its thinking off"
        )
