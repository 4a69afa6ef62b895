"""The configuration of a session, which may change during a call. Pure."""

from schemas.session_config import SessionConfig


class CurrentConfig:
    """Holds the configuration for all parts of a call; only the call replaces it."""

    __slots__ = ("current",)

    def __init__(self, config: SessionConfig) -> None:
        self.current = config
        """The configuration from the latest `Reconfigured` on."""
