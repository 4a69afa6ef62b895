"""The errors of engines.

EngineError                    any error of an engine
├── EngineMissingError         refuse: a library is not installed (the message names the extra)
├── WeightsError               refuse: a model file is missing or damaged, or the disk is full
├── EngineUnavailableError     retry: network, 429, 5xx, timeout
│   └── ServerUnavailableError retry: the same of a server; the message may be logged
└── EngineRefusedError         give up: 400, 401, a wrong model (the message names the setting)
    └── OnlyReasoningError       give up: reasoning without a response

No message contains a key, a prompt or a caller's words.
"""

from typing import Literal

from runtime.process.version import installing


class EngineError(Exception):
    """An engine cannot do its work."""


class EngineMissingError(EngineError):
    """The library of an engine is not installed."""

    def __init__(self, library: str, extra: Literal["stt", "llm", "local-llm", "tts"]) -> None:
        """Name the *extra* of aura-voice that installs *library*."""
        super().__init__(f"{library} is not installed: {installing(extra)}")


class WeightsError(EngineError):
    """The weights of a model are missing or not the expected ones, or the disk is full."""


class EngineUnavailableError(EngineError):
    """The engine does not answer now; the same request may succeed later."""


class ServerUnavailableError(EngineUnavailableError):
    """A server does not answer now; the message is Aura's own and may be logged."""


class EngineRefusedError(EngineError):
    """The engine refuses the request; a retry will not help."""


class OnlyReasoningError(EngineRefusedError):
    """A language model spent its tokens on reasoning and had none left for a response."""

    def __init__(self) -> None:
        super().__init__(
            "the language model had nothing to say: it only thought; raise AURA_MAX_TOKENS, or "
            "turn its thinking off"
        )
