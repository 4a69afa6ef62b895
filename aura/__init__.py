"""What every process of Aura shares, and the operator's command line."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("aura-voice")
except PackageNotFoundError:  # run from a bare checkout
    __version__ = "0.0.0"
