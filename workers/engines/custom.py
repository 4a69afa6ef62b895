"""Custom engines: `module:Class`, or the name of an installed entry point.

The groups of entry points are `aura.stt`, `aura.llm` and `aura.tts`. The named class or function is
called with the settings and returns the engine (`workers/engines/protocols.py`).
"""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from typing import Any, Final, Literal

from runtime.settings import Settings
from workers.engines.errors import EngineRefusedError
from workers.engines.protocols import LanguageModel, Recognizer, Synthesizer
from workers.module_loader import ModuleNotLoadedError, load_module

EngineKind = Literal["stt", "llm", "tts"]
PROTOCOLS: Final[Mapping[EngineKind, type]] = {
    "stt": Recognizer,
    "llm": LanguageModel,
    "tts": Synthesizer,
}


def members(kind: EngineKind) -> tuple[str, ...]:
    """Return the attributes of an engine and then its methods, of which the last does the work."""
    protocol = PROTOCOLS[kind]
    methods = (name for name in vars(protocol) if not name.startswith("_"))
    return (*protocol.__annotations__, *methods)


def custom_engine(kind: EngineKind, name: str, settings: Settings, built_in: Iterable[str]) -> Any:
    """Return the engine *name*, not yet loaded; *built_in* are the names of Aura's own.

    Raises:
        EngineRefusedError: there is none, or it is no engine of this *kind*.
    """
    make = _named(kind, name, built_in)
    try:
        engine = make(settings)
    except TypeError as error:
        raise EngineRefusedError(
            f"{name} cannot be made: it is called with the settings alone ({error})"
        ) from error
    if lacks := [method for method in members(kind) if not hasattr(engine, method)]:
        raise EngineRefusedError(
            f"{name} is no engine for AURA_{kind.upper()}_ENGINE: it has no {', '.join(lacks)}"
        )
    return engine


def _named(kind: EngineKind, name: str, built_in: Iterable[str]) -> Callable[[Settings], Any]:
    module_name, colon, attribute = name.partition(":")
    try:
        if not colon:
            return _of_entry_point(kind, name, built_in)
        module = load_module(module_name)
    except ModuleNotLoadedError as error:
        raise EngineRefusedError(f"AURA_{kind.upper()}_ENGINE={name}: {error}") from error
    make: Callable[[Settings], Any] | None = getattr(module, attribute, None)
    if not callable(make):
        what = "nothing" if make is None else "nothing to call"
        raise EngineRefusedError(
            f"AURA_{kind.upper()}_ENGINE={name}: {module_name} has {what} named {attribute!r}"
        )
    return make


def _of_entry_point(
    kind: EngineKind, name: str, built_in: Iterable[str]
) -> Callable[[Settings], Any]:
    installed = {entry.name: entry for entry in entry_points(group=f"aura.{kind}")}
    if name not in installed:
        known = ", ".join(["auto", *built_in, *sorted(installed)])
        raise EngineRefusedError(
            f"AURA_{kind.upper()}_ENGINE={name}: it is one of {known}, or module:Class"
        )
    try:
        make: Callable[[Settings], Any] = installed[name].load()
    except (ImportError, AttributeError) as error:
        raise ModuleNotLoadedError(f"{installed[name].value} cannot be loaded: {error}") from error
    return make
