"""Custom engines: `module:Class`, or the name of an installed entry point.

The groups of entry points are `aura.stt`, `aura.llm` and `aura.tts`. The named class or function is
called with the settings and returns the engine (`workers/engines/protocols.py`).
"""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, Final, Literal

from runtime.settings import Settings
from workers.engines.errors import EngineRefusedError
from workers.module_loader import ModuleNotLoadedError, load_module

EngineKind = Literal["stt", "llm", "tts"]
METHODS: Final[Mapping[EngineKind, tuple[str, ...]]] = {
    "stt": ("name", "warm", "transcribe"),
    "llm": ("name", "in_process", "warm", "stream"),
    "tts": ("name", "warm", "synthesize"),
}
"""The methods of an engine."""
BUILT_IN: Final[Mapping[EngineKind, tuple[str, ...]]] = {
    "stt": ("auto", "whisper", "openai", "simulated"),
    "llm": ("auto", "cerebras", "openai", "local", "simulated"),
    "tts": ("auto", "piper", "openai", "simulated"),
}


def kind_of(name: str) -> EngineKind:
    """Return the stage of the engine *name*, by its methods or its group of entry points.

    Raises:
        EngineRefusedError: there is no such engine, or it fits several stages.
    """
    module_name, colon, attribute = name.partition(":")
    if colon:
        try:
            found = getattr(load_module(module_name), attribute, None)
        except ModuleNotLoadedError as error:
            raise EngineRefusedError(f"{name}: {error}") from error
        if found is None:
            raise EngineRefusedError(f"{name}: {module_name} has nothing named {attribute!r}")
        kinds = [kind for kind in METHODS if hasattr(found, METHODS[kind][-1])]
    else:
        kinds = [
            kind
            for kind, names in BUILT_IN.items()
            if name in names or entry_points(group=f"aura.{kind}", name=name)
        ]
    if len(kinds) != 1:
        what = " and ".join(kinds) or "none that can be told: it has none of " + ", ".join(
            methods[-1] for methods in METHODS.values()
        )
        raise EngineRefusedError(f"{name} is an engine for {what}; say --stage stt, llm or tts")
    return kinds[0]


def custom_engine(kind: EngineKind, name: str, settings: Settings) -> Any:
    """Return the engine *name*, not yet loaded.

    Raises:
        EngineRefusedError: there is none, or it is no engine of this *kind*.
    """
    make = _named(kind, name)
    try:
        engine = make(settings)
    except TypeError as error:
        raise EngineRefusedError(
            f"{name} cannot be made: it is called with the settings alone ({error})"
        ) from error
    if lacks := [method for method in METHODS[kind] if not hasattr(engine, method)]:
        raise EngineRefusedError(
            f"{name} is no engine for AURA_{kind.upper()}_ENGINE: it has no {', '.join(lacks)}"
        )
    return engine


def _named(kind: EngineKind, name: str) -> Callable[[Settings], Any]:
    module_name, colon, attribute = name.partition(":")
    try:
        if not colon:
            return _of_entry_point(kind, name)
        module = load_module(module_name)
    except ModuleNotLoadedError as error:
        raise EngineRefusedError(f"AURA_{kind.upper()}_ENGINE={name}: {error}") from error
    found = getattr(module, attribute, None)
    if not callable(found):
        what = "nothing" if found is None else "nothing to call"
        raise EngineRefusedError(
            f"AURA_{kind.upper()}_ENGINE={name}: {module_name} has {what} named {attribute!r}"
        )
    make: Callable[[Settings], Any] = found
    return make


def _of_entry_point(kind: EngineKind, name: str) -> Callable[[Settings], Any]:
    installed = {one.name: one for one in entry_points(group=f"aura.{kind}")}
    if name not in installed:
        known = ", ".join([*BUILT_IN[kind], *sorted(installed)])
        raise EngineRefusedError(
            f"AURA_{kind.upper()}_ENGINE={name}: it is one of {known}, or module:Class"
        )
    try:
        make: Callable[[Settings], Any] = installed[name].load()
    except (ImportError, AttributeError) as error:
        raise ModuleNotLoadedError(f"{installed[name].value} cannot be loaded: {error}") from error
    return make
