"""The tones of a telephone's keys (ITU-T Q.23)."""

import numpy as np

ROWS_HZ, COLUMNS_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
"""Hz."""
KEYPAD = ("123A", "456B", "789C", "*0#D")
KEYPAD_KEYS = frozenset("".join(KEYPAD))
TONE_MS, KEY_PAUSE_MS = 100, 100
TONE_AMPLITUDE = 8000
"""Amplitude of each of a key's two tones: about -12 dBFS."""


def tones(keys: str, rate_hz: int) -> bytes:
    """Return *keys* as s16le mono: a tone and a pause for each key."""
    seconds = np.arange(rate_hz * TONE_MS // 1000) / rate_hz
    pause = bytes(2 * (rate_hz * KEY_PAUSE_MS // 1000))
    out = bytearray()
    for key in keys:
        row = next(number for number, line in enumerate(KEYPAD) if key in line)
        both = (ROWS_HZ[row], COLUMNS_HZ[KEYPAD[row].index(key)])
        wave = sum(np.sin(2 * np.pi * hz * seconds) for hz in both) * TONE_AMPLITUDE
        out += np.asarray(wave).astype("<i2").tobytes() + pause
    return bytes(out)
