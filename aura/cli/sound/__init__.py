"""Microphone, loudspeaker and live listening of the commands."""
