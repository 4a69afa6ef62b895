"""Codes of languages, as settings, agents and clients write them."""


def without_region(code: str) -> str:
    """Return the language in *code* without its region: "de" for "de-AT" and "DE_at"."""
    return code.strip().lower().replace("_", "-").partition("-")[0]
