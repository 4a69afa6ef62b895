"""What every process of Aura shares, and the operator's command line."""


def __getattr__(name: str) -> str:
    """Return `__version__`, which takes a while to find, to those who ask for it.

    Raises:
        AttributeError: there is nothing else here.
    """
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  # 30 ms

    try:
        return version("aura-voice")
    except PackageNotFoundError:  # run from a bare checkout
        return "0.0.0"
