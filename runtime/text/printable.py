"""Makes foreign text safe to print on a terminal."""


def printable(text: str) -> str:
    r"""Return *text* with each invisible character escaped, such as `\x1b` or `\u202e`.

    Control characters (C0 and C1) could clear the screen, set its title or the clipboard, or fake a
    link; direction marks could reverse the text after them.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
