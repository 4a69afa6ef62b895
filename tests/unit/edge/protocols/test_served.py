"""Which client protocols are served."""

from __future__ import annotations

import pytest

from edge.protocols import PROTOCOLS, served
from edge.protocols.client_protocol import MOST_BYTES_WITHOUT_TOKEN, Admission, TokenPlace
from runtime.settings import SettingsError, load


def test_all_are_unless_some_are_named() -> None:
    assert served("") == PROTOCOLS
    assert set(served("continuous")) == {"/ws/voice/continuous"}
    assert set(served(" continuous, conversational,")) == {"/ws", "/ws/voice/continuous"}


def test_who_shows_no_token_at_the_handshake_has_no_long_message_read() -> None:
    late = Admission(token=TokenPlace.FIRST_MESSAGE)
    assert late.most_message_bytes > late.message_limit_bytes == MOST_BYTES_WITHOUT_TOKEN
    assert Admission().message_limit_bytes == Admission().most_message_bytes
    short = Admission(token=TokenPlace.FIRST_MESSAGE, most_message_bytes=100)
    assert short.message_limit_bytes == 100


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"AURA_DIALECTS.*carrier-pigeon.*continuous"):
        served("continuous, carrier-pigeon")


@pytest.mark.parametrize(
    ("ws_auth", "debug", "open_"),
    [
        *(("auto", "true", True), ("auto", "false", False)),
        *(("open", "true", True), ("open", "false", True)),
        *(("token", "true", False), ("token", "false", False)),
    ],
)
def test_strangers_may_call_as_debug_and_the_operator_say(
    ws_auth: str, debug: str, open_: bool
) -> None:
    assert load(_env_file=None, ws_auth=ws_auth, debug=debug).strangers_may_call is open_


@pytest.mark.parametrize(
    ("dialects", "elsewhere", "there"),
    [
        ("", "", True),
        ("conversational, continuous", "", True),
        ("conversational", "", False),
        ("conversational", "wss://voice.example/ws", True),
    ],
)
def test_there_is_a_talk_page_where_it_can_call(dialects: str, elsewhere: str, there: bool) -> None:
    settings = load(_env_file=None, dialects=dialects, next_public_ws_url=elsewhere)
    assert settings.has_talk_page is there
