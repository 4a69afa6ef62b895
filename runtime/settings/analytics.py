"""Programs that are told of sessions: warehouse, webhook, shadow, prices."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class AnalyticsSettings(BaseModel):
    """Programs that are told of sessions: warehouse, webhook, shadow, prices."""

    analytics_dir: str = Field(
        "", description="Folder of the warehouse's files; empty: `analytics` in AURA_DATA_DIR."
    )
    webhook_url: str = Field("", description="Where the webhook sends events.")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="`whsec_...` that signs them; two by a blank while one changes."
    )
    webhook_events: str = Field(
        "session.started,session.ended,turn.committed,answer.heard,trouble.told",
        description="Event types it sends, comma separated; `*`: all.",
    )
    webhook_format: Literal["standard", "cloudevents"] = Field(
        "standard", description="Shape of the body: Standard Webhooks or CloudEvents 1.0."
    )
    shadow_out: str = Field(
        "",
        description="File of a shadow's comparisons, words included, as JSON lines; empty: none.",
    )
    prices: dict[str, tuple[float, float]] = Field(
        {}, description="JSON: USD a million prompt and completion tokens, by model."
    )
