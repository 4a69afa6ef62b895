"""Parses a form (`multipart/form-data`, RFC 7578) in its whole body.

Pure. aiohttp reads forms line by line on the event loop without a limit of parts: 20,000 fields, or
a megabyte of empty lines, block it for seconds. Here the marks between parts are searched once.
"""

from email.message import Message
from email.parser import HeaderParser

MOST_FORM_PARTS = 32
MOST_HEAD_BYTES = 1024
"""The longest head of a part: 64 heads four times as long, of semicolons alone, took 250 ms."""


def form_fields(body: bytes, content_type: str) -> dict[str, bytes]:
    """Return the fields in *body* by name; the last one if a name is repeated.

    Raises:
        ValueError: it is no form, or has too many parts.
    """
    kind = Message()
    kind["Content-Type"] = content_type
    boundary = kind.get_boundary("")
    if kind.get_content_type() != "multipart/form-data" or not boundary:
        raise ValueError("no form")
    found: dict[str, bytes] = {}
    for start, end in _parts(body, b"\r\n--" + boundary.encode()):
        if body.startswith(b"--", start):  # the end
            break
        blank = body.find(b"\r\n\r\n", start, end)
        if not start <= blank <= start + MOST_HEAD_BYTES:
            raise ValueError("a part without an end of its head")
        text = body[start:blank].lstrip(b" \t").removeprefix(b"\r\n").decode()
        if not text.replace("\r\n", "").replace("\t", "").isprintable():
            raise ValueError("a head that is no text")
        headers = HeaderParser().parsestr(text)
        name = headers.get_param("name", header="Content-Disposition")
        if isinstance(name, str) and name:
            found[name] = body[blank + 4 : end]
    return found


def _parts(body: bytes, mark: bytes) -> list[tuple[int, int]]:
    """Return the positions of parts in *body*, from after their *mark* to the next one.

    Positions, since each copy of a body of 24 MiB holds the interpreter lock for 10 ms.

    Raises:
        ValueError: there is none, or too many.
    """
    if body.startswith(mark[2:]):
        start = len(mark) - 2
    elif (first := body.find(mark)) >= 0:
        start = first + len(mark)
    else:
        raise ValueError("no part")
    found: list[tuple[int, int]] = []
    while len(found) < MOST_FORM_PARTS:
        end = body.find(mark, start)
        if end < 0:
            return [*found, (start, len(body))]
        found.append((start, end))
        start = end + len(mark)
    raise ValueError(f"more than {MOST_FORM_PARTS} parts")
