"""`aura sip`: telephones."""

from __future__ import annotations

import importlib.util

from aura.cli.running import CommandError, role
from runtime.settings import load


def command() -> None:
    """Serve the telephones of a SIP account: take calls, and place those that are asked for.

    AURA_SIP_... name the account (docs/telephony.md). It finds the bus as an edge does.
    """
    if importlib.util.find_spec("baresip") is None:
        raise CommandError("SIP is not installed: pip install 'aura-voice[sip]'")
    from edge.sip_main import serve  # noqa: PLC0415  # the extra is there

    settings = load()
    role(settings, "sip", serve(settings))
