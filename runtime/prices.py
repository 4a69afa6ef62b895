"""Prices of hosted models, USD for a million tokens (prompt, completion).

List prices as published in 2025-11; a model that is not listed costs 0, as local models do.
`AURA_PRICES` adds to or replaces them: `{"my-model": [0.2, 0.8]}`.
"""

from collections.abc import Mapping

PRICES: Mapping[str, tuple[float, float]] = {
    "gpt-oss-120b": (0.35, 0.75),
    "llama-3.3-70b": (0.85, 1.20),
    "llama3.1-8b": (0.10, 0.10),
    "qwen-3-32b": (0.40, 0.80),
    "qwen-3-235b-a22b-instruct-2507": (0.60, 1.20),
    "zai-glm-4.6": (2.25, 2.75),
}


def cost_usd(
    model: str,
    prompt_tokens: int,
    completion_tokens: int,
    prices: Mapping[str, tuple[float, float]] = PRICES,
) -> float:
    """Return the cost of one response in USD."""
    prompt, completion = prices.get(model, (0.0, 0.0))
    return round((prompt_tokens * prompt + completion_tokens * completion) / 1_000_000, 8)
