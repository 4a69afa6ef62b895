"""What `aura doctor` says about the language of the settings, and of stages without workers."""

from __future__ import annotations

import pytest

from aura.cli.doctor import is_here, language_findings, without_workers
from runtime.settings import load

GERMAN = "de_DE-thorsten-medium"


@pytest.mark.parametrize(
    ("given", "complaints"),
    [
        ({"language": "en", "tts_voice": "en_US-lessac-medium"}, []),
        ({"language": "en-US", "tts_voice": "en_US-lessac-medium", "stt_model": "tiny.en"}, []),
        ({"language": "de_AT", "tts_voices": {"de": GERMAN}, "stt_model": "base"}, []),
        ({"language": "auto", "tts_voice": GERMAN, "stt_model": "base"}, []),
        (
            {"language": "de", "tts_voice": "en_US-lessac-medium", "stt_model": "base"},
            ["en_US-lessac-medium speaks no de (AURA_LANGUAGE)"],
        ),
        (
            {
                "language": "de",
                "tts_voice": "en_US-lessac-medium",
                "tts_voices": {"de": GERMAN},
                "stt_model": "base",
            },
            [],
        ),
        (
            {"language": "de", "tts_voice": GERMAN, "stt_model": "tiny.en"},
            ["tiny.en knows no de (AURA_LANGUAGE)"],
        ),
    ],
)
def test_engines_that_do_not_fit_the_language_are_named(
    given: dict[str, object], complaints: list[str]
) -> None:
    settings = load(_env_file=None, **given)
    assert [finding.what for finding in language_findings(settings)] == complaints


@pytest.mark.parametrize(
    ("services", "named"),
    [
        (
            {"ai_service": False, "audio_processor": True, "audio_pipeline": False},
            "a worker for llm",
        ),
        (
            {"ai_service": True, "audio_processor": False, "audio_pipeline": False},
            "a worker for stt",
        ),
        (
            {"ai_service": True, "audio_processor": True, "audio_pipeline": False},
            "a worker for tts",
        ),
        (
            {"ai_service": False, "audio_processor": False, "audio_pipeline": False},
            "a worker for llm and for stt",
        ),
    ],
)
def test_the_stage_without_a_worker_is_named(services: dict[str, bool], named: str) -> None:
    finding = without_workers(services)
    assert (finding.good, finding.what) == (False, named)


@pytest.mark.parametrize(
    ("nats_url", "here"),
    [
        ("", True),
        ("nats://localhost:4222, nats://127.0.0.1:4223,nats://[::1]:4224", True),
        ("nats://ann:secret@bus.example:4222", False),
        ("nats://127.0.0.1:4222,nats://10.0.0.2:4222", False),
    ],
)
def test_a_bus_of_this_machine_alone_needs_no_tls(nats_url: str, here: bool) -> None:
    assert is_here(nats_url) == here
