"""Who announces a telephone call is told by Twilio's signature."""

from __future__ import annotations

import pytest

from edge.door.twilio_calls import signature

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


@pytest.mark.parametrize(
    ("caller", "signed"),
    [
        ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
    ],
)
def test_the_examples_of_twilios_documents(caller: str, signed: str) -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": caller,
        "To": "+18005551212",
        "Caller": caller,
    }
    assert signature("12345", URL, fields.items()) == signed
