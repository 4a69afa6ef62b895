"""Recorded sessions: find, read, draw, export, import and erase them."""
