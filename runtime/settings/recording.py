"""What is kept of sessions: sound, events, and which words are masked."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

Recorded = Literal["never", "ask", "always"]
_RECORDED_BEFORE: dict[str, Recorded] = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), "always"),
    **dict.fromkeys(("false", "0", "no", "off", "f", "n"), "ask"),
}
"""AURA_RECORD_AUDIO was a yes or no, whose no was what `ask` is."""


class RecordingSettings(BaseModel):
    """What is kept of sessions: sound, events, and which words are masked."""

    record_audio: Recorded = Field(
        "ask",
        description="Whose sound is kept, both sides: `never`, `ask`: of calls whose client asks "
        "and shows a token, `always`. `true` and `false` of before are `always` and `ask`. Where "
        "AURA_REDACT masks words no sound is kept.",
    )
    recorded_mb_per_tenant: int = Field(
        512,
        ge=1,
        description="MB of kept sound of one tenant at one edge, filled again in 72 h; a call that "
        "needs more goes on without being recorded.",
    )
    log_kb_per_minute: int = Field(
        1000,
        ge=100,
        description="kB of events of one session a minute, three minutes' worth at once; a call "
        "that needs more is closed with 1008 (honest talk needs up to 200). An address has 0.4 "
        "times as much for each of its AURA_MAX_CONNECTIONS_PER_IP.",
    )
    log_mb_of_strangers: int = Field(
        512,
        ge=1,
        description="MB of events of all callers without a token at one edge, filled again in "
        "72 h; then they are refused, and nobody else.",
    )
    redact: str = Field(
        "",
        description="Masked in callers' words, said or typed, before they are stored: `numbers`, "
        "`emails`, or JSON of patterns and masks.",
    )

    @field_validator("record_audio", mode="before")
    @classmethod
    def _yes_or_no_of_before(cls, given: Any) -> Any:
        return _RECORDED_BEFORE.get(str(given).lower(), given)

    @model_validator(mode="after")
    def _no_sound_of_masked_words(self) -> Self:
        if self.record_audio == "always" and self.redact:
            raise ValueError(
                "AURA_RECORD_AUDIO=always would keep the sound of what AURA_REDACT masks"
            )
        return self
