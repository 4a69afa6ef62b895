"""WebRTC: audio over Opus tracks, messages over a data channel, by aiortc, an optional extra.

The modules are imported with the first call, which takes 0.3 s.
"""
