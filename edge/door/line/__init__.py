"""Sound that comes and goes by itself, 20 ms at a time: over WebRTC, over a telephone's line."""
