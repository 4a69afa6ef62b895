"""A language model for tests of telephones: keys that the caller presses have it call a tool."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from workers.engines.protocols import FunctionCall, Prompt, Token, Usage
from workers.engines.simulated import SimulatedLanguageModel

CALLS = {
    "[keys pressed: 7]": FunctionCall("transfer", '{"agent": "desk"}'),
    "[keys pressed: 8]": FunctionCall("send_dtmf", '{"keys": "42#"}'),
    "[keys pressed: 9]": FunctionCall("end_call", "{}"),
}


class PhoneModel(SimulatedLanguageModel):
    """Answers as the simulated one, unless a key says to do something."""

    def __init__(self, settings: object) -> None:
        del settings
        super().__init__(first_ms=20, token_ms=2, tokens=5)

    async def stream(self, request: Prompt) -> AsyncGenerator[Token, None]:
        """Yield the tokens, or a call of a tool that is offered."""
        last = request.lines[-1] if request.lines else None
        call = CALLS.get(last.text) if last and last.role == "user" else None
        if call and any(tool.name == call.name for tool in request.tools):
            yield call
            yield Usage(1, 1, self.name)
            return
        async for token in super().stream(request):
            yield token
