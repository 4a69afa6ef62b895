"""Speech and language engines behind small protocols; `factory` builds the configured ones."""

import os

# onnxruntime sends data about the machine to its maker from version 1.29 on. This must be set
# before the import: its own function is called too late, after it has written a device id.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
