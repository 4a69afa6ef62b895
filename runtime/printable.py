"""Text that others wrote, made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return *text* with everything that is no visible character as `\x1b` or `\u202e`.

    Control characters (C0 and C1) would clear the screen, set its title or the clipboard, or
    pretend a link; marks of direction would turn what follows around.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(one: str) -> str:
    if one.isprintable():
        return one
    code = ord(one)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
