"""Audio: formats, sample rates, files, codecs, gaps.

Its errors, and what their callers do:

ValueError
├── NotAudioError           tell the client: these bytes are no audio that is read (`wav.py`)
└── NoAudioError            tell the client: no audio in the file can be decoded (`media.py`)
"""
