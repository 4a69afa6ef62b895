"""Who announces a telephone call is told by Twilio's signature."""

from __future__ import annotations

import pytest

from edge.door.twilio.calls import signature
from edge.door.twilio.transfer import TwilioTransfer, twiml
from runtime.settings import SettingsError, load

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


def test_a_person_is_a_number_or_a_sip_address() -> None:
    good = {"twilio_account_sid": "AC1", "twilio_auth_token": "s", "_env_file": None}
    for to, dialled in (
        ("+14155550100", "+14155550100"),
        ("sip:a&b@example.com", "<Sip>sip:a&amp;b@example.com</Sip>"),
    ):
        found = TwilioTransfer.of(load(**good, twilio_transfer_to=to))
        assert found is not None
        assert twiml(found.to) == f"<Response><Dial>{dialled}</Dial></Response>"
    assert TwilioTransfer.of(load(_env_file=None)) is None
    with pytest.raises(SettingsError, match="AURA_TWILIO_TRANSFER_TO"):
        load(**good, twilio_transfer_to="<Hangup/>")
    with pytest.raises(SettingsError, match="AURA_TWILIO_ACCOUNT_SID"):
        TwilioTransfer.of(load(twilio_transfer_to="+14155550100", _env_file=None))
