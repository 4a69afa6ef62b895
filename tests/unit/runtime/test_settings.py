"""One settings object, from the environment, files of secrets and the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from runtime.settings import Settings, SettingsError, env_name, load
from runtime.settings.fields import CONFIG_PATH
from schemas.session_config import SessionConfig


def test_the_documented_names_are_bare_and_all_others_have_a_prefix() -> None:
    names = {field: env_name(field) for field in Settings.model_fields}
    assert {names["host"], names["port"], names["nats_url"], names["cerebras_api_key"]} == {
        "HOST",
        "PORT",
        "NATS_URL",
        "CEREBRAS_API_KEY",
    }
    assert names["stt_engine"] == "AURA_STT_ENGINE"
    assert len(set(names.values())) == len(names)


def test_each_setting_is_of_one_theme() -> None:
    themes = [base for base in Settings.__bases__ if issubclass(base, BaseModel)]
    named = [field for theme in themes for field in theme.model_fields]
    assert sorted(named) == sorted(Settings.model_fields)


def test_given_values_win_over_the_environment_and_it_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("AURA_TTS_VOICE", "de_DE-thorsten-medium")
    assert load(_env_file=None).port == 8123
    assert load(_env_file=None).tts_voice == "de_DE-thorsten-medium"
    assert load(_env_file=None, port=1).port == 1


def test_a_secret_may_be_given_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("k-123\n", encoding="utf-8")
    monkeypatch.setenv("CEREBRAS_API_KEY_FILE", str(tmp_path / "key"))
    assert load(_env_file=None).cerebras_api_key.get_secret_value() == "k-123"
    monkeypatch.setenv("CEREBRAS_API_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(SettingsError, match="a \\*_FILE setting"):
        load(_env_file=None)


def test_an_error_names_the_variable_and_not_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURA_STT_SLOTS", "secret-looking")
    with pytest.raises(SettingsError) as raised:
        load(_env_file=None)
    assert "AURA_STT_SLOTS" in str(raised.value)
    assert "secret-looking" not in str(raised.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("twilio_transfer_to", "+14155550100"),
        ("twilio_transfer_key", "1"),
        ("sip_listen", "0.0.0.0:5060"),
        ("sip_rtp_ports", "10000-19999"),
        ("public_url", "https://voice.example.com"),
    ],
)
def test_a_value_with_a_form_ends_without_a_line_break(field: str, value: str) -> None:
    assert getattr(load(_env_file=None, **{field: value}), field) == value
    with pytest.raises(SettingsError):
        load(_env_file=None, **{field: f"{value}\n"})


def test_the_operators_values_are_those_of_each_session() -> None:
    settings = load(
        _env_file=None, silence_ms=700, language="de", job_deadline_s=9, chunk_size=1600
    )
    session = settings.session
    assert (session.turns.silence_ms, session.language) == (700, "de")
    assert session.response.timeout_ms == 9000
    assert session.voice.chunk_ms == 100
    assert not session.record_audio


def test_every_value_of_a_session_that_is_set_exists_and_has_the_same_default() -> None:
    usual = SessionConfig()
    for field, info in Settings.model_fields.items():
        if isinstance(info.json_schema_extra, dict) and CONFIG_PATH in info.json_schema_extra:
            at = usual
            for part in str(info.json_schema_extra[CONFIG_PATH]).split("."):
                at = getattr(at, part)
            assert at == info.default, field


@pytest.mark.parametrize(
    ("given", "means"), [("true", "always"), ("0", "ask"), ("never", "never"), ("ask", "ask")]
)
def test_recording_was_a_yes_or_no_before(given: str, means: str) -> None:
    assert load(_env_file=None, record_audio=given).record_audio == means


def test_the_sound_of_masked_words_is_not_kept() -> None:
    with pytest.raises(SettingsError, match="AURA_REDACT"):
        load(_env_file=None, record_audio="always", redact="numbers")


@pytest.mark.parametrize(
    ("ws_auth", "debug", "may"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("open", False, True),
        ("token", True, False),
    ],
)
def test_strangers_may_call_where_no_token_is_asked_for(
    ws_auth: str, debug: bool, may: bool
) -> None:
    assert load(_env_file=None, ws_auth=ws_auth, debug=debug).strangers_may_call is may


def test_a_tone_is_not_cancelled_as_an_echo() -> None:
    assert load(_env_file=None, tts_engine="piper").cancels_echo
    assert not load(_env_file=None, tts_engine="simulated").cancels_echo


def test_json_that_cannot_be_read_is_said_with_its_setting_and_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AURA_TTS_VOICES", "{secret")
    with pytest.raises(SettingsError, match="AURA_TTS_VOICES") as told:
        load(_env_file=None)
    assert "secret" not in str(told.value)
