"""Decides which calls are recorded, by the operator's and the caller's choice. Pure."""

from dataclasses import dataclass

from runtime.settings.recording import Recorded


@dataclass(frozen=True)
class RecordingPolicy:
    """The operator's choice."""

    recorded: Recorded
    redacts: bool
    """Whether words are masked, so that audio is not recorded."""

    def refusal(self, *, requested: bool, stranger: bool) -> str:
        """Return why a call is not recorded; empty: a recording, if *requested*, is not refused.

        *stranger*: it has no token.
        """
        if not requested or self.recorded == "always":
            return ""
        if self.recorded == "never":
            return "this server keeps no sound (AURA_RECORD_AUDIO)"
        if self.redacts:
            return "this server masks words, and keeps no sound (AURA_REDACT)"
        return "only a caller with a token may ask" if stranger else ""
