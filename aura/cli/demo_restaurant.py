"""`aura demo restaurant`: books a table by voice, with the example's agent and tools."""

import asyncio
import json
import tempfile
from pathlib import Path

from aura.cli.demo import AURA_COMMAND, Scene
from aura.cli.demo import demo as ask
from aura.cli.running import CommandError
from runtime.settings import Settings
from workers.engines import weights
from workers.engines.errors import EngineError

EXAMPLE_FOLDER = Path(__file__).parents[2] / "examples" / "restaurant"
MODEL = "qwen2.5-1.5b-instruct"
"""The smallest model that calls tools; the built-in 270M model follows no prompt."""
BOOKING = "Hello! Please book a table for two on Friday at seven in the evening. My name is Anna."

FIRST_RESPONSE_TIMEOUT_S = 90
"""The longest wait for this model's first response, on a slow or busy machine."""


async def demo(settings: Settings, example: Path = EXAMPLE_FOLDER) -> int:
    """Run the demo with the agent and tools in *example*; return 0 if the table was booked.

    Raises:
        CommandError: this is no clone of the repository, or the model cannot be fetched.
    """
    if not await asyncio.to_thread(example.is_dir):
        raise CommandError("examples/restaurant is not here: run it in a clone of Aura")
    model = settings.llm_model or await _model(settings)
    print(f"The language model is {model}.")
    with tempfile.TemporaryDirectory(prefix="aura-restaurant-") as folder:
        bookings = Path(folder) / "bookings.json"
        scene = Scene(
            BOOKING,
            environment={
                "AURA_LLM_MODEL": model,
                "BOOKINGS": str(bookings),
                "AURA_JOB_DEADLINE_S": str(FIRST_RESPONSE_TIMEOUT_S),
                "AURA_ENGINE_LIMIT_S": str(FIRST_RESPONSE_TIMEOUT_S),
            },
            options=("--agents", str(example / "agents")),
            tools=example / "tables.py",
            query={"agent": "host"},
            timeout_s=FIRST_RESPONSE_TIMEOUT_S,
        )
        code = await ask(settings, scene)
        booked = json.loads(bookings.read_text("utf-8")) if bookings.exists() else []
    for booking in booked:
        about = "{guests} guests, {day} at {hour}:00, {name}".format(**booking)
        print(f"\nThe tool book_table has written: {about}")
    if not booked:
        print("\nNo table was booked: the model did not call the tool.")
    return code if booked else 1


async def _model(settings: Settings) -> str:
    """Return MODEL, fetched if it is missing.

    Raises:
        CommandError: the model cannot be fetched.
    """
    try:
        await asyncio.to_thread(weights.find, MODEL, settings.cache_dir)
    except EngineError:
        print(f"The built-in model calls no tools. {MODEL} does, about 1 GB:")
        fetching = await asyncio.create_subprocess_exec(*AURA_COMMAND, "models", "fetch", MODEL)
        if await fetching.wait():
            raise CommandError(
                f"{MODEL} could not be fetched; AURA_LLM_MODEL names another one"
            ) from None
    return MODEL
