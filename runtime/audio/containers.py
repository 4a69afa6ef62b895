"""Detects the file format of compressed audio by its first bytes. Pure."""

from collections.abc import Callable
from enum import Enum

EBML, OGG, FLAC = b"\x1aE\xdf\xa3", b"OggS", b"fLaC"
SIGNATURES = (EBML, OGG, FLAC)
MP3_KBPS = {
    # kbit/s of layer III by the version's bit: 1 is MPEG 1, 0 is MPEG 2 and 2.5
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    0: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MP3_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Sample rates by the two bits of the version."""


class Container(Enum):
    """A file format of compressed audio."""

    WEBM = "WebM"
    OGG = "Ogg"
    FLAC = "FLAC"
    MP4 = "MP4"
    MP3 = "MP3"
    AAC = "AAC"


def container_of(data: bytes, *, first: bool) -> Container | None:
    """Return the container that begins with *data*, or None if no file begins there.

    Formats with a weak signature are only detected in the *first* data of a stream.
    """
    if not first and not data.startswith(SIGNATURES) and data[4:8] != b"ftyp":
        return None  # most data
    if data[:4] == EBML:
        return Container.WEBM
    if data[:4] == OGG and (first or (data[5:6] and data[5] & 2)):  # its first page
        return Container.OGG
    if data[:4] == FLAC:
        return Container.FLAC
    if data[4:8] == b"ftyp":
        return Container.MP4
    if data[:3] == b"ID3" or _frames(data, _mp3_frame_bytes):
        return Container.MP3
    return Container.AAC if _frames(data, _aac_frame_bytes) else None


def _frames(data: bytes, frame_bytes: Callable[[bytes], int]) -> bool:
    """Tell whether *data* begins with a frame, followed by another frame or by nothing."""
    size = frame_bytes(data)
    return 0 < size <= len(data) and (size == len(data) or frame_bytes(data[size:]) > 0)


def _mp3_frame_bytes(data: bytes) -> int:
    """Return the length of the layer III frame that begins *data*, or 0 if there is none."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return 0
    version, kbps, rate = data[1] >> 3 & 3, data[2] >> 4, data[2] >> 2 & 3
    if version not in MP3_HZ or not 0 < kbps < 15 or rate == 3:
        return 0
    samples = 1152 if version == 3 else 576
    bits_per_s = MP3_KBPS[version & 1][kbps] * 1000
    return samples // 8 * bits_per_s // MP3_HZ[version][rate] + (data[2] >> 1 & 1)


def _aac_frame_bytes(data: bytes) -> int:
    """Return the length of the ADTS frame at the beginning of *data*, or 0 if there is none."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[2] >> 2 & 15 > 12:
        return 0
    size = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return size if size > 7 else 0


def mp4_bytes(data: bytes | bytearray) -> int | None:
    """Return the bytes of an MP4 that a reader needs, or None if *data* are too short to tell.

    0 means that the file can be read as it arrives. Some files have their table of contents behind
    the samples and need all bytes.
    """
    at, samples_first = 0, False
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1 and at + 16 > len(data):
            return None
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if kind == b"moov":
            return at + size if samples_first else 0
        samples_first |= kind == b"mdat"
        if size < 8:
            return 0 if not samples_first else None
        at += size
    return None
