"""The version of the installed Aura."""

from functools import cache


@cache
def version() -> str:
    """Return the version of the package `aura-voice`; 0.0.0 in a checkout that is not installed."""
    from importlib import metadata  # noqa: PLC0415  # takes 30 ms, and few processes need it

    try:
        return metadata.version("aura-voice")
    except metadata.PackageNotFoundError:
        return "0.0.0"


@cache
def installing(extra: str) -> str:
    """Return the command that adds *extra* to this installation; Aura is on no package index."""
    import json  # noqa: PLC0415  # few processes need it
    import sys  # noqa: PLC0415  # the same
    from importlib import metadata  # noqa: PLC0415  # the same
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415  # the same

    try:
        origin = metadata.distribution("aura-voice").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        origin = None
    url = urlsplit(json.loads(origin)["url"] if origin else "")
    source = unquote(url.path) if url.scheme == "file" else "."
    return f"{sys.executable} -m pip install '{source}[{extra}]'"
