"""The Piper voices of a worker: found by name, loaded at first use, a limited number at once."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from schemas.languages import without_region
from schemas.session_config import VOICE_NAME
from workers.engines import weights
from workers.engines.errors import EngineError, EngineRefusedError, WeightsError
from workers.engines.protocols import ChosenVoice, SpeakerVoice, VoiceUsed
from workers.engines.tts.piper import PiperVoice

log = structlog.get_logger(__name__)

_NAME: Final = re.compile(VOICE_NAME)


@dataclass(frozen=True, slots=True)
class VoiceFolders:
    """The folders in which voices are found, by name and never by path."""

    folder: Path | None
    """The folder of NAME.onnx with NAME.onnx.json; None: there is no such folder."""
    cache: Path

    def find(self, name: str) -> Path | None:
        """Return the file of the voice *name*, or None if there is none.

        Raises:
            EngineMissingError, WeightsError: the voice is known, but not installed or damaged.
        """
        if not name or not _NAME.fullmatch(name) or Path(name).suffix in weights.WEIGHTS_SUFFIXES:
            return None
        if self.folder and (own := self.folder.expanduser() / f"{name}.onnx").is_file():
            return own
        voice = weights.find(name, self.cache)
        return voice if voice and voice.suffix == ".onnx" else None


class _Edition(NamedTuple):
    """One version of a voice's file."""

    path: Path
    written_ns: int
    settings_ns: int

    @property
    def name(self) -> str:
        return f"piper:{self.path.stem}"


class PiperVoices:
    """A synthesizer with several voices; the least recently used one is unloaded first."""

    def __init__(
        self,
        default: Path,
        *,
        folders: VoiceFolders,
        by_language: Mapping[str, str],
        most: int,
        stand_in: bool,
        load: Callable[[Path], PiperVoice],
    ) -> None:
        """Take *default*, the voice if none is named, and *load*, which loads a voice.

        *by_language*: a voice for each language, for sessions that name none. *most* voices are
        loaded at once. *stand_in*: the default voice replaces a voice that is not installed.
        """
        self._default = default
        self.name = f"piper:{default.stem}"
        self._folders = folders
        self._by_language = by_language
        self._most = most
        self._stand_in = stand_in
        self._load = load
        self._lock = threading.Lock()
        self._loaded: OrderedDict[_Edition, PiperVoice] = OrderedDict()
        self._found: dict[str, Path] = {}
        """The checked files by name, so that a file is not hashed for each sentence."""
        self._told: set[str] = set()

    def warm(self) -> None:
        """Load the default voice and as many voices of the languages as fit, and speak once."""
        for language in [*list(self._by_language)[: self._most - 1], ""]:
            speaker = SpeakerVoice(language=language)
            edition = self._edition(speaker)
            self._voice(edition).warm()

    def synthesize(self, text: str) -> Iterator[bytes]:
        """Yield the audio of *text* by the default voice."""
        return self.choose(SpeakerVoice()).synthesize(text)

    def choose(self, speaker: SpeakerVoice) -> ChosenVoice:
        edition = self._edition(speaker)

        def synthesize(text: str) -> Iterator[bytes]:
            yield from self._voice(edition).synthesize(text, speaker.speed)

        used = VoiceUsed(edition.name, f"{edition.written_ns}-{edition.settings_ns}")
        return ChosenVoice(used, synthesize)

    def _voice(self, edition: _Edition) -> PiperVoice:
        """Return the voice, which loads itself at its first use; old voices are unloaded."""
        with self._lock:
            voice = self._loaded.get(edition)
            if voice is None:
                for older in [known for known in self._loaded if known.path == edition.path]:
                    del self._loaded[older]  # the file was replaced
                voice = self._loaded[edition] = self._load(edition.path)
            self._loaded.move_to_end(edition)
            while len(self._loaded) > self._most:
                gone, _ = self._loaded.popitem(last=False)
                log.info("voice_let_go", voice=gone.name, most=self._most)
            return voice

    def _edition(self, speaker: SpeakerVoice) -> _Edition:
        path = self._path(speaker)
        try:
            settings = path.with_name(f"{path.name}.json").stat()
            return _Edition(path, path.stat().st_mtime_ns, settings.st_mtime_ns)
        except OSError as error:
            raise WeightsError(f"{path} and its .json cannot be read: {error.strerror}") from error

    def _path(self, speaker: SpeakerVoice) -> Path:
        by_language = self._by_language.get(without_region(speaker.language), "")
        name = speaker.voice or by_language
        if not name:
            return self._default
        if (known := self._found.get(name)) and known.is_file():
            return known
        why = ""
        try:
            path = self._folders.find(name)
        except EngineError as error:
            path, why = None, f" ({error})"
        if path:
            self._found[name] = path
            return path
        missing = (
            f"this worker has no voice {name}{why}: `aura models fetch {name}` on its host brings "
            f"one of Piper's, AURA_VOICES_DIR may hold {name}.onnx and {name}.onnx.json; "
            "`aura models list` shows what is there"
        )
        if not self._stand_in:
            raise EngineRefusedError(missing)
        if name not in self._told and len(self._told) < 100:
            self._told.add(name)
            log.warning("voice_stands_in", voice=name, instead=self.name, why=missing)
        return self._default
