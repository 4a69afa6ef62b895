"""The recording of sessions: sound, events, and masked words."""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

Recorded = Literal["never", "ask", "always"]
_RECORDED_BEFORE: dict[str, Recorded] = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), "always"),
    **dict.fromkeys(("false", "0", "no", "off", "f", "n"), "ask"),
}
"""AURA_RECORD_AUDIO used to be a boolean; false meant what `ask` means now."""


class RecordingSettings(BaseModel):
    """The recording of sessions: sound, events, and masked words."""

    record_audio: Recorded = Field(
        "ask",
        description="Calls whose sound is kept, of both sides. `never`: none; `ask`: calls with a "
        "token whose client asks for it; `always`: all. The older values `true` and `false` mean "
        "`always` and `ask`. No sound is kept while AURA_REDACT masks words.",
    )
    recorded_mb_per_tenant: int = Field(
        512,
        ge=1,
        description="MB of recorded sound of one tenant at one edge; the quota refills within "
        "72 h. A call that exceeds it goes on without being recorded.",
    )
    log_kb_per_minute: int = Field(
        1000,
        ge=100,
        description="kB of events of one session a minute, with three minutes' worth at once. A "
        "call that exceeds it is closed (1008); an honest call needs up to 200. An address has "
        "0.4 times as much for each of its AURA_MAX_CONNECTIONS_PER_IP.",
    )
    log_mb_of_strangers: int = Field(
        512,
        ge=1,
        description="MB of events of all callers without a token at one edge; the quota refills "
        "within 72 h. When it is used up, only such callers are refused.",
    )
    redact: str = Field(
        "",
        description="Parts of callers' words, said or typed, that are masked before they are "
        "stored: `numbers`, `emails`, or JSON of patterns and masks.",
    )

    @field_validator("record_audio", mode="before")
    @classmethod
    def _yes_or_no_of_before(cls, value: Any) -> Any:
        return _RECORDED_BEFORE.get(str(value).lower(), value)

    @model_validator(mode="after")
    def _no_sound_of_masked_words(self) -> Self:
        if self.record_audio == "always" and self.redact:
            raise ValueError(
                "AURA_RECORD_AUDIO=always would keep the sound of masked words: unset AURA_REDACT"
            )
        return self
