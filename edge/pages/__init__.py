"""The files of Aura's pages: what they are made of, for the edge and for the command line."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
CHECKOUT = FOLDER.parents[1] / "clients" / "js"
"""Where the client library lies in a checkout; a wheel has it among the pages."""


@cache
def read(name: str) -> bytes:
    """Return the file *name* of the pages or the client library.

    Raises:
        FileNotFoundError: a broken installation.
    """
    for folder in (FOLDER, CHECKOUT):
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise FileNotFoundError(f"{name} is missing: install aura-voice again")
