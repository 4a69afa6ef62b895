"""A refusal is in the form that OpenAI's client libraries read."""

import json
from typing import Any

import pytest
from aiohttp import web

from edge.door.http.openai_errors import refused
from edge.protocols.realtime.wire import RequestError


def told(answer: web.Response) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def test_a_refusal_names_the_parameter_and_the_reason() -> None:
    answer = refused(400, RequestError("invalid_value", "must be audio", "session.type"))
    assert answer.status == 400
    assert told(answer) == {
        "error": {
            "message": "must be audio",
            "type": "invalid_request_error",
            "code": "invalid_value",
            "param": "session.type",
        }
    }
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "invalid_request_error"), (500, "server_error"), (503, "server_error")],
)
def test_whose_fault_it_is_follows_from_the_status(status: int, kind: str) -> None:
    assert told(refused(status, RequestError("c", "no")))["error"]["type"] == kind


@pytest.mark.parametrize(("wait_s", "header"), [(0.2, "1"), (7.6, "8")])
def test_a_client_is_told_to_wait_for_whole_seconds(wait_s: float, header: str) -> None:
    assert refused(503, RequestError("c", "no"), wait_s).headers["Retry-After"] == header
