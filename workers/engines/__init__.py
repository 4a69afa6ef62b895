"""Speech and language engines behind small protocols; `factory` builds the configured ones."""

import os

# onnxruntime from 1.29 on sends data about the machine to its maker, unless this is set before the
# import; its own function to turn that off comes too late, after it has written a device id.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
