"""`aura provision`: what is declared in nats/, applied."""

from __future__ import annotations

from aura.cli.running import run
from deploy.provision import provision
from runtime.bus.connection import connect
from runtime.settings import Settings, load


async def apply(settings: Settings) -> int:
    bus = await connect(settings, "aura-provision")
    try:
        changed = await provision(bus, replicas=settings.replicas)
    finally:
        await bus.close()
    print("\n".join(changed) or "All in place.")
    return 0


def command() -> None:
    """Create or update Aura's streams and consumers on NATS_URL; safe at any time."""
    run(apply(load()))
