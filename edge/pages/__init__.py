"""The files of Aura's pages, for the edge and the command line."""

from functools import cache
from pathlib import Path

PAGES_FOLDER = Path(__file__).parent
CHECKOUT = PAGES_FOLDER.parents[1] / "clients" / "js"
"""The client library in a checkout; a wheel has it among the pages."""
CONTENT_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


@cache
def read(name: str) -> bytes:
    """Return the file *name* of the pages or the client library.

    Raises:
        FileNotFoundError: a broken installation.
    """
    for folder in (PAGES_FOLDER, CHECKOUT):
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise FileNotFoundError(f"{name} is missing: install aura-voice again")
