"""The flat maps of older recordings are read as a configuration, and written for older readers."""

import msgspec
import pytest

from schemas.flat_config import FLAT_DEFAULTS, from_flat, to_flat
from schemas.session_config import SessionConfig, value_at


def test_a_configuration_is_read_back_from_its_flat_maps() -> None:
    config = SessionConfig().but(
        {"turns.eagerness": "low", "response.max_tokens": 77, **FLAT_DEFAULTS}
    )
    settings, rules = to_flat(config)
    assert settings["eagerness"] == "low"
    assert from_flat(settings, rules) == config


@pytest.mark.parametrize("path", FLAT_DEFAULTS)
def test_what_an_old_recording_does_not_tell_was_as_it_was_then(path: str) -> None:
    assert value_at(from_flat({}, {}), path) == FLAT_DEFAULTS[path]


def test_an_empty_delivery_is_the_default() -> None:
    assert from_flat({}, {"delivery": ""}).voice == SessionConfig().voice


def test_a_value_out_of_its_bounds_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        from_flat({"silence_ms": -1}, {})
