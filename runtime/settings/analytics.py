"""Subscribers of the event log: warehouse, webhook, shadow engines, prices."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class AnalyticsSettings(BaseModel):
    """Subscribers of the event log: warehouse, webhook, shadow engines, prices."""

    analytics_dir: str = Field(
        "", description="Folder of the warehouse's files; empty: `analytics` in AURA_DATA_DIR."
    )
    webhook_url: str = Field("", description="Address to which the webhook posts events.")
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="`whsec_...` that signs the webhook's messages. While it changes: the new "
        "one and the old one, separated by a blank.",
    )
    webhook_events: str = Field(
        "session.started,session.ended,turn.committed,answer.heard,trouble.told",
        description="Event types that the webhook sends, comma separated; `*`: all.",
    )
    webhook_format: Literal["standard", "cloudevents"] = Field(
        "standard", description="Format of the body: Standard Webhooks or CloudEvents 1.0."
    )
    shadow_out: str = Field(
        "",
        description="File for a shadow engine's comparisons as JSON lines, which contain the "
        "callers' words; empty: none.",
    )
    prices: dict[str, tuple[float, float]] = Field(
        {},
        description="JSON: for each language model, USD for a million prompt tokens and for a "
        "million completion tokens.",
    )
