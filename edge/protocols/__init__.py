"""The client protocols: one file or package each. Pure; a call knows no protocol.

Its errors, and what their callers do:

ValueError
└── NotJsonError            tell the client: its message is no JSON object (`parsing.py`)
Exception
└── RequestError            tell the client: its request is wrong (`realtime/wire.py`)
"""

from collections.abc import Mapping

from edge.protocols.client_protocol import ClientProtocol
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol
from edge.protocols.realtime import RealtimeProtocol
from edge.protocols.twilio import TwilioProtocol
from runtime.settings import SettingsError
from runtime.settings.fields import listed

PROTOCOLS: Mapping[str, type[ClientProtocol]] = {
    "/ws": ConversationalProtocol,
    "/ws/voice/continuous": ContinuousProtocol,
    "/v1/realtime": RealtimeProtocol,
    "/twilio/media": TwilioProtocol,
}
"""The protocols by the path of their WebSocket."""


def served(names: str) -> Mapping[str, type[ClientProtocol]]:
    """Return the protocols in *names* by path, or all protocols if it is empty.

    Raises:
        SettingsError: a protocol in *names* does not exist.
    """
    wanted = set(listed(names))
    known = {protocol.name for protocol in PROTOCOLS.values()}
    if unknown := wanted - known:
        raise SettingsError(
            f"AURA_DIALECTS: no client protocol is called {', '.join(sorted(unknown))}; "
            f"there are {', '.join(sorted(known))}"
        )
    return {path: kind for path, kind in PROTOCOLS.items() if not wanted or kind.name in wanted}
