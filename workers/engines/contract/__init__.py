"""The contract of engines, as checks that authors can run against their own engine.

`aura engines test module:Class` runs them and prints the failures. In a test of your own:

    from workers.engines import contract

    @pytest.mark.parametrize("check", contract.CHECKS["stt"], ids=contract.name_of)
    def test_my_recogniser(check, my_warm_recogniser):
        check(my_warm_recogniser)

A check takes a warm engine and raises `ContractError`, or the engine's own error. Checks of
language models are async.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, Final

from workers.engines.contract import llm, stt, tts
from workers.engines.contract.check import Check, ContractError
from workers.engines.custom import EngineKind
from workers.engines.errors import EngineError

__all__ = ["CHECKS", "Check", "ContractError", "failures", "llm", "name_of", "stt", "tts"]

CHECKS: Final[Mapping[EngineKind, tuple[Check, ...]]] = {
    "stt": stt.CHECKS,
    "llm": llm.CHECKS,
    "tts": tts.CHECKS,
}


def name_of(check: Check) -> str:
    """Return the name of *check* in words."""
    return check.__name__.replace("_", " ")


def failures(kind: EngineKind, engine: Any) -> Iterator[tuple[str, str]]:
    """Yield each check's name and the reason of its failure, empty if it passed.

    The first check warms *engine*; if that fails, the others are not run.
    """
    with asyncio.Runner() as loop:
        for check in CHECKS[kind]:
            why = _why(check, engine, loop)
            yield name_of(check), why
            if why and check is CHECKS[kind][0]:
                return


def _why(check: Check, engine: Any, loop: asyncio.Runner) -> str:
    async def awaited(coming: Awaitable[None]) -> None:
        await coming

    try:
        if (coming := check(engine)) is not None:
            loop.run(awaited(coming))
    except (ContractError, EngineError) as error:
        return str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001  # any error of an engine is a failure
        return f"it raised {type(error).__name__}: {error}"
    return ""
