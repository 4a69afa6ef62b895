"""Parses a form (`multipart/form-data`, RFC 7578) in its whole body.

Pure. aiohttp reads forms line by line on the event loop without a limit of parts: 20,000 fields, or
a megabyte of empty lines, block it for seconds. Here the body is split a few times.
"""

from email.message import Message
from email.parser import HeaderParser

MOST_PARTS = 32
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
    mark = b"\r\n--" + boundary.encode()
    _, *parts = (b"\r\n" + body).split(mark, MOST_PARTS + 1)
    if len(parts) > MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} parts")
    if not parts:
        raise ValueError("no part")
    found: dict[str, bytes] = {}
    for part in parts:
        if part.startswith(b"--"):  # the end
            break
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank or len(head) > MOST_HEAD_BYTES:
            raise ValueError("a part without an end of its head")
        text = head.lstrip(b" \t").removeprefix(b"\r\n").decode()
        if not text.replace("\r\n", "").replace("\t", "").isprintable():
            raise ValueError("a head that is no text")
        headers = HeaderParser().parsestr(text)
        name = headers.get_param("name", header="Content-Disposition")
        if isinstance(name, str) and name:
            found[name] = content
    return found
