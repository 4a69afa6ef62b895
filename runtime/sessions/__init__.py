"""Recorded sessions: finds, reads, exports, imports and erases them.

Its errors, and what their callers do:

ValueError
├── NotASessionError        tell the operator: the file holds no session (`file.py`)
├── NotRecordedError        tell the operator: its audio was not kept (`recorded_audio.py`)
└── AlreadyRecordedError       tell the operator: the session is in the log (`transfer.py`)
"""
