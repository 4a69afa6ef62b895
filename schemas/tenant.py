"""A tenant: its limits, prices and default agent; written in a file, kept in AURA_AGENTS.

The operator's settings fill the rest. A tenant's limits hold for all its calls; agents and callers
can only lower them.
"""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from schemas.agent import TargetName, section
from schemas.session_config import Prices, SessionConfig, SpendLimit

Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]

if TYPE_CHECKING:  # mypy does not accept a struct made at run time as a type
    Spend: TypeAlias = SpendLimit
    Price: TypeAlias = Prices
else:
    Spend = section("TenantSpend", SpendLimit)
    Price = section("TenantPrices", Prices)


class TenantLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many calls a tenant may have, and how long each may last."""

    sessions: Count | UnsetType = UNSET
    """Calls at once, in place of AURA_MAX_SESSIONS_PER_TENANT."""
    sessions_per_user: Count | UnsetType = UNSET
    """Calls at once of one user, in place of AURA_MAX_SESSIONS_PER_USER."""
    reconnects_per_minute: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | UnsetType = UNSET
    """Reconnections a minute of one user, in place of AURA_RECONNECTS_PER_MINUTE."""
    call_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Seconds after which a call ends; only shorter than AURA_MAX_CALL_S."""
    idle_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    """Silence of both sides, seconds, after which a call ends; only shorter than
    AURA_MAX_CALL_IDLE_S."""


class TenantWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The permissions of the webhooks of its agents."""

    words: bool = True
    """Whether webhooks may get the words of calls; false overrules the agents' files."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of all calls of one tenant; the operator's settings fill the rest."""

    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """A line for `aura tenants list`."""
    agent: TargetName | UnsetType = UNSET
    """The agent of calls that name none; absent: `default`."""
    limits: TenantLimits = TenantLimits()
    """How many calls it may have, and how long each may last."""
    spend: Spend | UnsetType = UNSET
    """Limits of what one call may use up, and what happens then."""
    prices: Price | UnsetType = UNSET
    """The prices of its calls; AURA_PRICES has those of models that are not listed here."""
    webhook: TenantWebhook = TenantWebhook()
    """The permissions of the webhooks of its agents."""

    def applied_to(self, operator: SessionConfig) -> SessionConfig:
        """Return the configuration of its calls, over the *operator*'s."""
        changes: dict[str, Any] = {
            "limits.call_s": self.limits.call_s,
            "limits.idle_s": self.limits.idle_s,
            "webhook.words": self.webhook.words,
        }
        for part, values in (("spend", self.spend), ("prices", self.prices)):
            if values is UNSET:
                continue
            for name in values.__struct_fields__:
                if (value := getattr(values, name)) is not UNSET:
                    changes[f"{part}.{name}"] = value
        if models := changes.get("prices.models"):
            changes["prices.models"] = {**operator.prices.models, **models}
        return operator.but(changes)
