"""Checks the arguments of a call by the JSON Schema of its tool, in bounded time.

The schema comes from a stranger's service and the arguments from a model, and neither may block a
runner. References to other documents are not followed. A pattern that backtracks and a schema that
refers to itself end at the time limit. `patternProperties` are left to the tool.
"""

import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import jsonschema
import msgspec
import regex
from jsonschema.protocols import Validator
from referencing import Registry

CPU_LIMIT_S = 0.25
"""The limit of a check, in CPU time, so that no check fails on a busy machine."""
MOST_SCHEMA_BYTES = 65_536
LEFT_TO_THE_TOOL = ("patternProperties", "additionalProperties", "unevaluatedProperties")
"""What a schema with `patternProperties` says of other names follows from those patterns."""
_PARTS = regex.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\$", regex.DOTALL)
"""The parts of an expression in which a `$` has its own meaning, and `$` elsewhere."""
Check = Callable[[Validator, Any, Any, Any], Any]


class BadArgumentsError(ValueError):
    """The arguments do not fit the schema; the message says where."""


class BadSchemaError(ValueError):
    """The schema is invalid, or its check takes too long; the message says which."""


class _Clock(threading.local):
    until_s = 0.0
    """The end of the check, in CPU time of this thread."""

    def left_s(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        left_s = self.until_s - time.thread_time()
        if left_s <= 0:
            raise TimeoutError
        return left_s


_clock = _Clock()


def check(arguments: Any, schema: dict[str, Any], *, limit_s: float = CPU_LIMIT_S) -> None:
    """Check *arguments*, decoded, against *schema*: up to *limit_s* of CPU, so call it in a thread.

    Raises:
        BadArgumentsError: they do not fit.
        BadSchemaError: the schema cannot be used.
    """
    _clock.until_s = time.thread_time() + limit_s
    try:
        _validator(_text(schema)).validate(arguments)
    except BadSchemaError:
        raise
    except jsonschema.ValidationError as error:
        where = ".".join(str(part) for part in error.absolute_path)
        reason = f"{where}: {error.message}" if where else error.message
        raise BadArgumentsError(f"the arguments do not fit: {reason[:300]}") from error
    except TimeoutError as error:
        raise BadSchemaError("the tool's schema takes too long to check") from error
    except Exception as error:  # whatever a schema has the library do
        raise BadSchemaError("the tool's schema is no JSON Schema") from error


def flaw_of(schema: dict[str, Any]) -> str:
    """Return why *schema* is no JSON Schema, for who wrote it; empty: it is one."""
    try:
        _validator(_text(schema))
    except jsonschema.SchemaError as error:
        where = ".".join(str(part) for part in error.absolute_path)
        return f"{where}: {error.message[:200]}" if where else error.message[:200]
    except BadSchemaError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # whatever a schema has the library do
        return f"the library cannot read it ({type(error).__name__})"
    return ""


def _text(schema: dict[str, Any]) -> bytes:
    text = msgspec.json.encode(schema)
    if len(text) > MOST_SCHEMA_BYTES:
        raise BadSchemaError(f"the tool's schema is longer than {MOST_SCHEMA_BYTES} bytes")
    return text


@lru_cache(maxsize=256)
def _validator(text: bytes) -> Validator:
    """Return the validator of the schema in *text*."""
    schema = _without_patterns(msgspec.json.decode(text))
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind.check_schema(schema)
    made: Validator = _in_time(kind)(schema, registry=Registry())
    return made


@lru_cache(maxsize=16)
def _in_time(kind: type[Validator]) -> Any:
    """Return the validator *kind* with a time limit in every rule."""
    rules = {name: _timed(rule) for name, rule in kind.VALIDATORS.items()}
    made = {**rules, "pattern": _timed(_pattern)}
    return jsonschema.validators.extend(kind, made)  # type: ignore[no-untyped-call]  # its stubs


def _timed(rule: Check) -> Check:
    def timed(validator: Validator, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _clock.left_s()
        for error in rule(validator, value, instance, schema) or ():
            _clock.left_s()
            yield error

    return timed


def _pattern(validator: Validator, pattern: Any, instance: Any, _: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and not regex.search(
        _in_python(pattern), instance, timeout=_clock.left_s(), concurrent=True
    ):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


@lru_cache(maxsize=256)
def _in_python(pattern: str) -> str:
    """Return *pattern* of ECMAScript, whose `$` does not match before a line break at the end."""
    return str(_PARTS.sub(lambda part: r"\Z" if part[0] == "$" else part[0], pattern))


def _without_patterns(schema: Any) -> Any:
    """Return *schema* without patterns of property names, and keywords that depend on them."""
    if isinstance(schema, list):
        return [_without_patterns(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = LEFT_TO_THE_TOOL if isinstance(schema.get("patternProperties"), dict) else ()
    return {name: _without_patterns(part) for name, part in schema.items() if name not in left_out}
