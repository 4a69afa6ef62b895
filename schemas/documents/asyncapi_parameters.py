"""The tokens in the addresses of the AsyncAPI document, each with its grammar and meaning."""

import typing
from collections.abc import Mapping
from typing import Any

from schemas.audio import SoundSide
from schemas.tokens import GRAMMAR

_TOKEN_ABOUT = f"A token: `{GRAMMAR}`."
_DIGITS = "Decimal digits."

PARAMETERS: Mapping[str, dict[str, Any]] = {
    "tenant": {
        "description": f"The organisation whose session it is. {_TOKEN_ABOUT}",
        "examples": ["default"],
    },
    "session": {
        "description": f"The id of the session; a replay's id begins with `r_`. {_TOKEN_ABOUT}",
        "examples": ["s_0123456789abcdef0123"],
    },
    "utterance": {
        "description": f"The number of the utterance in its session, from 1. {_DIGITS}",
        "examples": ["1"],
    },
    "turn": {
        "description": "The number of the turn in its session, from 1; `0` is the greeting. "
        f"{_DIGITS}",
        "examples": ["1"],
    },
    "name": {
        "description": "The name of the tool. A token of 64 characters at most.",
        "examples": ["book_table"],
    },
    "hash": {
        "description": "The name of the configuration: 32 hexadecimal digits, the beginning of the "
        "SHA-256 of its bytes.",
    },
    "side": {
        "enum": list(typing.get_args(SoundSide)),
        "description": "The side that is heard: the `caller`, or the audio that the `client` "
        "played.",
    },
}
