"""The engines of Aura's own by stage, and the stage that an engine is for."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from workers.engines.custom import EngineKind, members
from workers.engines.errors import EngineRefusedError
from workers.engines.factory import RECOGNIZERS, VOICES
from workers.engines.llm_factory import MODELS
from workers.module_loader import ModuleNotLoadedError, load_module

BUILT_IN: Final[Mapping[EngineKind, tuple[str, ...]]] = {
    "stt": ("auto", *RECOGNIZERS),
    "llm": ("auto", *MODELS),
    "tts": ("auto", *VOICES),
}


def kind_of(name: str) -> EngineKind:
    """Return the stage of the engine *name*, by its methods or its group of entry points.

    Raises:
        EngineRefusedError: there is no such engine, or it fits several stages.
    """
    module_name, colon, attribute = name.partition(":")
    if colon:
        try:
            engine = getattr(load_module(module_name), attribute, None)
        except ModuleNotLoadedError as error:
            raise EngineRefusedError(f"{name}: {error}") from error
        if engine is None:
            raise EngineRefusedError(f"{name}: {module_name} has nothing named {attribute!r}")
        kinds = [kind for kind in BUILT_IN if hasattr(engine, members(kind)[-1])]
    else:
        kinds = [
            kind
            for kind, names in BUILT_IN.items()
            if name in names or entry_points(group=f"aura.{kind}", name=name)
        ]
    if len(kinds) != 1:
        what = " and ".join(kinds) or "none that can be told: it has none of " + ", ".join(
            members(kind)[-1] for kind in BUILT_IN
        )
        raise EngineRefusedError(f"{name} is an engine for {what}; say --stage stt, llm or tts")
    return kinds[0]
