"""The choice whose audio is recorded: the operator's, or the caller's if that is allowed. Pure."""

from dataclasses import dataclass

from runtime.settings.recording import Recorded


@dataclass(frozen=True)
class RecordingPolicy:
    """The operator's choice."""

    recorded: Recorded
    redacts: bool
    """Words are masked: their sound is not kept."""

    def refusal(self, *, asked: bool, stranger: bool) -> str:
        """Return why a call is not recorded whose client *asked*; empty: nothing is refused.

        *stranger*: it shows no token.
        """
        if not asked or self.recorded == "always":
            return ""
        if self.recorded == "never":
            return "this server keeps no sound (AURA_RECORD_AUDIO)"
        if self.redacts:
            return "this server masks words, and keeps no sound (AURA_REDACT)"
        return "only a caller with a token may ask" if stranger else ""
