"""The tokens of subjects, which name tenants, sessions and agents."""

from typing import Annotated

import msgspec

GRAMMAR = r"[A-Za-z0-9_-]{1,128}"
"""The grammar of a token, as a regular expression."""
TOKEN_PATTERN = f"^{GRAMMAR}$"
"""The same as a pattern of JSON Schema."""
Token = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": TOKEN_PATTERN})]
"""A token in a message; the pattern is for readers, and decoding does not check it."""
