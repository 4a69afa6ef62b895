"""The metadata that stands before the frames of a FLAC file (RFC 9639, 8). Pure."""

MAGIC_BYTES = 4
BLOCK_HEAD_BYTES = 4
LAST_BLOCK = 0x80
"""The bit of a block's first byte that marks the last block."""


class FlacMetadata:
    """Follows the metadata of a file that arrives in pieces."""

    def __init__(self) -> None:
        self._left_bytes = MAGIC_BYTES
        """What is missing of the block's contents, or of the magic number."""
        self._head = b""
        """The incomplete head of a block."""
        self._is_last = False

    @property
    def is_over(self) -> bool:
        """Whether all of it has arrived, so that frames follow."""
        return self._is_last and not self._left_bytes

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the file."""
        while data and not self.is_over:
            data = self._skip(data) if self._left_bytes else self._read_head(data)

    def _skip(self, data: bytes) -> bytes:
        """Skip contents; return the bytes after them."""
        skipped = min(self._left_bytes, len(data))
        self._left_bytes -= skipped
        return data[skipped:]

    def _read_head(self, data: bytes) -> bytes:
        """Read bytes of a block's head; return the bytes after it."""
        missing = BLOCK_HEAD_BYTES - len(self._head)
        self._head += data[:missing]
        if len(self._head) == BLOCK_HEAD_BYTES:
            self._is_last = bool(self._head[0] & LAST_BLOCK)
            self._left_bytes = int.from_bytes(self._head[1:], "big")
            self._head = b""
        return data[missing:]
