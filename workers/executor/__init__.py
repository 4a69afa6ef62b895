"""Engines in threads: urgent work first, in fair shares, within a time limit."""
