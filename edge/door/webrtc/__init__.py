"""WebRTC: audio over Opus tracks, messages over a data channel, by aiortc, an optional extra.

The edge imports the modules when it starts.
"""
