"""WebRTC: sound over tracks of Opus, messages over a data channel; aiortc, an optional extra.

What is here is imported with the first call: it takes 0.3 s.
"""
