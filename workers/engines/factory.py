"""Builds the configured engines of STT and TTS."""

# ruff: noqa: PLC0415 - libraries are optional extras, imported only where they are used

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from runtime.process import machine
from runtime.settings import Settings
from workers.engines import weights
from workers.engines.custom import custom_engine
from workers.engines.errors import WeightsError
from workers.engines.openai_api import BlockingClient, require_setting
from workers.engines.protocols import Recognizer, Synthesizer, TurnModel

DEFAULT_STT_MODEL: Final = Settings.model_fields["stt_model"].default
DEFAULT_TTS_VOICE: Final = Settings.model_fields["tts_voice"].default
"""Models of the built-in engines, which no server has."""


def recognizer(settings: Settings) -> Recognizer:
    """Return the configured recognizer, not yet loaded.

    Raises:
        EngineRefusedError: one of its settings is missing, or there is no such engine.
    """
    name = stt_engine(settings)
    if make := RECOGNIZERS.get(name):
        return make(settings)
    custom: Recognizer = custom_engine("stt", name, settings, RECOGNIZERS)
    return custom


def stt_engine(settings: Settings) -> str:
    """Return the engine of the recogniser, with 'auto' resolved."""
    if settings.stt_engine != "auto":
        return settings.stt_engine
    return "openai" if settings.stt_base_url else "whisper"


def tts_engine(settings: Settings) -> str:
    """Return the engine of the voice, with 'auto' resolved."""
    if settings.tts_engine != "auto":
        return settings.tts_engine
    return "openai" if settings.tts_base_url else "piper"


def turn_model(settings: Settings) -> TurnModel | None:
    """Return the turn model, not yet loaded, or None if there is none."""
    if not settings.turn_model:
        return None
    path = Path(settings.turn_model).expanduser()
    if settings.turn_model == "auto":
        from workers.engines import model_download

        path = model_download.turn_model(settings.cache_dir)
        if not path.exists():
            return None
    from workers.engines.turn.smart_turn import SmartTurn

    return SmartTurn(path)


def synthesizer(settings: Settings) -> Synthesizer:
    """Return the configured voice, not yet loaded.

    Raises:
        EngineMissingError, WeightsError: the voice's file is missing or damaged.
        EngineRefusedError: one of its settings is missing, or there is no such engine.
    """
    name = tts_engine(settings)
    if make := VOICES.get(name):
        return make(settings)
    custom: Synthesizer = custom_engine("tts", name, settings, VOICES)
    return custom


def _whisper(settings: Settings) -> Recognizer:
    from workers.engines.stt.whisper import WhisperRecognizer

    return WhisperRecognizer(
        settings.stt_model,
        cache=settings.cache_dir,
        threads=settings.threads or 1,
        workers=settings.stt_workers,
    )


def _rest_recognizer(settings: Settings) -> Recognizer:
    from workers.engines.stt.openai_rest import RestRecognizer

    require_setting("AURA_STT_BASE_URL", settings.stt_base_url, "http://localhost:8000/v1")
    model = "" if settings.stt_model == DEFAULT_STT_MODEL else settings.stt_model
    require_setting("AURA_STT_MODEL", model, "whisper-1")
    key = settings.stt_api_key.get_secret_value()
    client = BlockingClient(settings.stt_base_url, key, limit_s=settings.engine_limit_s / 2)
    return RestRecognizer(client, model=model)


def _simulated_recognizer(settings: Settings) -> Recognizer:
    from workers.engines.simulated import Fault, SimulatedRecognizer

    return SimulatedRecognizer(delay_ms=settings.sim_stt_ms, fault=Fault(settings.sim_fail))


def _piper(settings: Settings) -> Synthesizer:
    from workers.engines.tts.piper import PiperVoice
    from workers.engines.tts.piper_voices import PiperVoices, VoiceFolders

    if (path := weights.find(settings.tts_voice, settings.cache_dir)) is None:
        raise WeightsError(
            f"{settings.tts_voice!r} is neither a Piper voice file (.onnx) nor a voice "
            "that `aura models list` shows: set AURA_TTS_VOICE"
        )
    threads = settings.threads or min(2, machine.cores())

    def load(model: Path) -> PiperVoice:
        return PiperVoice(model, cache=settings.cache_dir, threads=threads)

    folder = Path(settings.voices_dir) if settings.voices_dir else None
    return PiperVoices(
        path,
        folders=VoiceFolders(folder, settings.cache_dir),
        by_language=settings.tts_voices,
        most=settings.tts_voices_loaded,
        stand_in=settings.tts_voice_missing == "default",
        load=load,
    )


def _rest_voice(settings: Settings) -> Synthesizer:
    from workers.engines.tts.openai_rest import RestVoice

    require_setting("AURA_TTS_BASE_URL", settings.tts_base_url, "http://localhost:8880/v1")
    voice = "" if settings.tts_voice == DEFAULT_TTS_VOICE else settings.tts_voice
    require_setting("AURA_TTS_VOICE", voice, "alloy")
    key = settings.tts_api_key.get_secret_value()
    client = BlockingClient(settings.tts_base_url, key, limit_s=settings.engine_limit_s / 2)
    return RestVoice(
        client,
        model=settings.tts_model,
        voice=voice,
        form=settings.tts_format,
        rate_hz=settings.tts_rate_hz,
        extra_body=settings.tts_extra_body,
    )


def _simulated_voice(settings: Settings) -> Synthesizer:
    from workers.engines.simulated import Fault, SimulatedSynthesizer

    return SimulatedSynthesizer(
        delay_ms=settings.sim_tts_ms,
        audio_ms=settings.sim_tts_audio_ms,
        fault=Fault(settings.sim_fail),
    )


RECOGNIZERS: Final[Mapping[str, Callable[[Settings], Recognizer]]] = {
    "whisper": _whisper,
    "openai": _rest_recognizer,
    "simulated": _simulated_recognizer,
}
VOICES: Final[Mapping[str, Callable[[Settings], Synthesizer]]] = {
    "piper": _piper,
    "openai": _rest_voice,
    "simulated": _simulated_voice,
}
"""The engines of Aura's own, by the names in AURA_STT_ENGINE and AURA_TTS_ENGINE."""
