"""Forms, as clients write them and as no client does."""

from __future__ import annotations

import aiohttp
import pytest

from edge.door.http.forms import MOST_FORM_PARTS, MOST_HEAD_BYTES, form_fields

KIND = "multipart/form-data; boundary=B"


def part(name: str, content: bytes, more: str = "") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


class Written:
    """Takes what a library writes."""

    def __init__(self) -> None:
        self.body = b""

    async def write(self, data: bytes) -> None:
        self.body += data


async def test_what_a_library_writes_is_read() -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", b"\r\n--Bytes\0\xff\r\n", filename="a b.wav", content_type="audio/wav")
    form.add_field("model", "whisper-1")
    form.add_field("prompt", "Grüße")
    payload = form()
    written = Written()
    await payload.write(written)  # type: ignore[arg-type]  # it only writes
    assert form_fields(written.body, payload.content_type or "") == {
        "file": b"\r\n--Bytes\0\xff\r\n",
        "model": b"whisper-1",
        "prompt": "Grüße".encode(),
    }


def test_of_several_with_one_name_the_last_counts_and_what_follows_the_end_does_not() -> None:
    body = b"preamble\r\n" + part("a", b"1") + part("a", b"2") + b"--B--\r\n" + part("b", b"3")
    assert form_fields(body, KIND) == {"a": b"2"}
    assert form_fields(part("", b"x") + b"--B--", 'multipart/form-data; boundary="B"') == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", KIND),
        (b"hello", KIND),
        (b"--B\r\nno end", KIND),
        (b"--B\r\nA\x01: b\r\n\r\n\r\n--B--", KIND),
        (part("a", b"1"), "multipart/form-data"),
        (part("a", b"1"), "text/plain; boundary=B"),
        (part("a", b"1", "x" * MOST_HEAD_BYTES), KIND),
        (b"--B\r\nX: \xff\r\n\r\n\r\n--B--", KIND),
        (b"".join(part(f"f{n}", b"1") for n in range(MOST_FORM_PARTS + 1)), KIND),
    ],
)
def test_what_is_none_is_told(body: bytes, kind: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever is wrong with it
        form_fields(body, kind)


def test_all_heads_of_a_form_together_are_short() -> None:
    assert MOST_FORM_PARTS * MOST_HEAD_BYTES <= 32 * 1024
