"""The settings of unit tests: the defaults but what a test sets, each loaded once."""

from __future__ import annotations

import functools

from runtime.settings import load

defaults_but = functools.cache(functools.partial(load, _env_file=None))
