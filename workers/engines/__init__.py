"""Speech and language engines behind small protocols; `factory` builds the configured ones."""

import os

# onnxruntime from 1.29 on sends what machine it runs on to its maker, unless this is said before
# it is imported (its own call to turn that off comes too late: it has written a device id by then).
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
