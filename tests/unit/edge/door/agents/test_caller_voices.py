"""Callers may ask for the voices that the operator lists."""

from __future__ import annotations

import pytest

from edge.core.messages.client_commands import Begin
from edge.door.agents.caller_voices import CallerVoices
from edge.protocols.session_options import session_options
from runtime.settings.fields import listed


@pytest.mark.parametrize(
    ("setting", "asked", "allowed"),
    [
        ("", "amy", False),
        ("amy", "amy", True),
        ("joe, amy", "amy", True),
        ("joe", "amy", False),
        ("*", "amy", True),
    ],
)
def test_a_voice_is_for_callers_if_the_operator_says_so(
    setting: str, asked: str, allowed: bool
) -> None:
    begin = Begin({"voice.name": asked, "language": "de"}, greeting=True)
    kept, why = CallerVoices(frozenset(listed(setting))).allowed(begin)
    assert kept.changes == {"language": "de", **({"voice.name": asked} if allowed else {})}
    assert kept.greeting
    assert bool(why) is not allowed


def test_who_asks_for_none_is_told_nothing() -> None:
    begin = Begin({"language": "de"})
    assert CallerVoices(frozenset()).allowed(begin) == (begin, "")


@pytest.mark.parametrize("voice", ["../joe", "a/b", "", ".x", "a b", "a\n", 7, "x" * 200])
def test_what_is_no_name_is_told_and_left_out(voice: object) -> None:
    assert session_options({"voice": voice}) == ({}, ["voice must be the name of a voice"])


def test_a_voice_in_the_form_of_a_name_is_an_option_of_the_session() -> None:
    asked = session_options({"voice": "de_DE-thorsten-medium"})
    assert asked == ({"voice.name": "de_DE-thorsten-medium"}, [])
