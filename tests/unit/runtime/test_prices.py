"""What a response costs, by the prices for a million tokens."""

from runtime.prices import PRICES, cost_usd


def test_prompt_and_response_have_prices_of_their_own() -> None:
    prices = {"m": (2.0, 6.0)}
    assert cost_usd("m", 1_000_000, 0, prices) == 2.0
    assert cost_usd("m", 500, 100, prices) == 0.0016


def test_a_model_that_is_not_listed_costs_nothing() -> None:
    assert cost_usd("local", 10**9, 10**9) == 0.0
    assert cost_usd(next(iter(PRICES)), 10**6, 10**6) > 0
