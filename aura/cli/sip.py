"""`aura sip`: serves telephone calls over SIP."""

import importlib.util

from aura.cli.running import CommandError, role
from runtime.settings import load


def command() -> None:
    """Serve the calls of a SIP account: answer incoming calls, and place requested ones.

    The settings AURA_SIP_... name the account (docs/telephony.md). It finds the bus like an edge.
    """
    if importlib.util.find_spec("baresip") is None:
        raise CommandError("SIP is not installed: pip install 'aura-voice[sip]'")
    from edge.sip_main import serve  # noqa: PLC0415  # the extra is there

    settings = load()
    role(settings, "sip", serve(settings))
