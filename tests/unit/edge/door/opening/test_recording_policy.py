"""Who may have a call recorded."""

from __future__ import annotations

import pytest

from edge.door.opening.recording_policy import RecordingPolicy
from runtime.settings import SettingsError, load
from runtime.settings.recording import Recorded


@pytest.mark.parametrize(
    ("recorded", "redacts", "stranger", "refused"),
    [
        ("ask", False, False, ""),
        ("ask", False, True, "token"),
        ("ask", True, False, "AURA_REDACT"),
        ("never", False, False, "AURA_RECORD_AUDIO"),
        ("never", True, True, "AURA_RECORD_AUDIO"),
        ("always", False, True, ""),
    ],
)
def test_who_asks_is_told_why_not(
    recorded: Recorded, redacts: bool, stranger: bool, refused: str
) -> None:
    policy = RecordingPolicy(recorded, redacts)
    why = policy.refusal(requested=True, stranger=stranger)
    assert refused in why
    assert bool(why) == bool(refused)
    assert policy.refusal(requested=False, stranger=stranger) == ""


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("never", "never"),
        ("ask", "ask"),
        ("always", "always"),
        ("true", "always"),
        ("1", "always"),
        ("False", "ask"),
        ("0", "ask"),
    ],
)
def test_a_yes_or_no_of_before_means_what_it_meant(
    monkeypatch: pytest.MonkeyPatch, said: str, meant: str
) -> None:
    monkeypatch.setenv("AURA_RECORD_AUDIO", said)
    settings = load(_env_file=None)
    assert settings.record_audio == meant
    assert settings.session.record_audio == (meant == "always")


def test_what_it_cannot_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURA_RECORD_AUDIO", "sometimes")
    with pytest.raises(SettingsError, match=r"AURA_RECORD_AUDIO.*never"):
        load(_env_file=None)


def test_sound_of_masked_words_cannot_be_kept_of_all_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AURA_RECORD_AUDIO", "always")
    monkeypatch.setenv("AURA_REDACT", "numbers")
    with pytest.raises(SettingsError, match="unset AURA_REDACT"):
        load(_env_file=None)
