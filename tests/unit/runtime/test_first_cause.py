"""The error of several tasks is the first one, however deep it is."""

from runtime.first_cause import first_cause


def test_the_first_error_of_nested_groups_is_the_cause() -> None:
    cause = KeyError("x")
    inner = ExceptionGroup("tasks", [cause, ValueError("y")])
    assert first_cause(ExceptionGroup("tasks", [inner, OSError()])) is cause
    assert first_cause(cause) is cause
