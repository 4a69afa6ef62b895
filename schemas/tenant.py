"""A tenant: its limits, prices and default agent; written in a file, kept in AURA_AGENTS.

What it does not say is the operator's. What it says holds for all its calls, whatever their agents
and callers ask for: they may only have less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from schemas.agent import TargetName, section
from schemas.session_config import Prices, SessionConfig, SpendLimit

Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]

if TYPE_CHECKING:  # mypy takes no struct that is made at run time for a type
    Spend: TypeAlias = SpendLimit
    Price: TypeAlias = Prices
else:
    Spend = section("TenantSpend", SpendLimit)
    Price = section("TenantPrices", Prices)


class TenantLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many calls the tenant may have, and how long each may last."""

    sessions: Count | UnsetType = UNSET
    """At once; in place of AURA_MAX_SESSIONS_PER_TENANT."""
    sessions_per_user: Count | UnsetType = UNSET
    """At once; in place of AURA_MAX_SESSIONS_PER_USER."""
    reconnects_per_minute: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | UnsetType = UNSET
    """Of a user; in place of AURA_RECONNECTS_PER_MINUTE."""
    call_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds after which a call ends; only shorter than AURA_MAX_CALL_S."""
    idle_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds without a word of either side after which it ends; only shorter than
    AURA_MAX_CALL_IDLE_S."""


class TenantWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the webhooks of its agents may be told."""

    words: bool = True
    """False: no webhook is told what was said, whatever an agent's file says."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the calls of one tenant are held to; what it leaves out is as the settings say."""

    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """A line for `aura tenants list`."""
    agent: TargetName | UnsetType = UNSET
    """The agent of its calls that name none; absent: `default`."""
    limits: TenantLimits = TenantLimits()
    """How many calls it may have, and how long each may last."""
    spend: Spend | UnsetType = UNSET
    """What one call may use up, and what becomes of it then."""
    prices: Price | UnsetType = UNSET
    """What its calls cost; models that are not named cost what AURA_PRICES says."""
    webhook: TenantWebhook = TenantWebhook()
    """What the webhooks of its agents may be told."""

    def over(self, operator: SessionConfig) -> SessionConfig:
        """Return what its calls are set to, over the *operator*'s configuration."""
        changes: dict[str, Any] = {
            "limits.call_s": self.limits.call_s,
            "limits.idle_s": self.limits.idle_s,
            "webhook.words": self.webhook.words,
        }
        for part, said in (("spend", self.spend), ("prices", self.prices)):
            if said is UNSET:
                continue
            for name in said.__struct_fields__:
                if (value := getattr(said, name)) is not UNSET:
                    changes[f"{part}.{name}"] = value
        if models := changes.get("prices.models"):
            changes["prices.models"] = {**operator.prices.models, **models}
        return operator.but(changes)
