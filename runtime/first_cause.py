"""Finds the error that caused those of several tasks. Pure."""


def first_cause(error: Exception) -> Exception:
    """Return the first error of several tasks that ran together."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
