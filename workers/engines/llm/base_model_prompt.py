"""The prompt of a base model: the transcript of a telephone call, which the model continues.

Pure. A base model only continues text, so its prompt has an example call with good responses, then
the real call, then "Aura:". The system prompt is left out, since a base model follows none.
"""

import re
from dataclasses import replace

from workers.engines.protocols import Prompt

CALL = """\
The following is a phone call between Caller and Aura, a friendly voice assistant. \
Aura answers in one short, helpful sentence.

Caller: Hi there!
Aura: Hello! How can I help you today?
Caller: What is the capital of Italy?
Aura: The capital of Italy is Rome.
Caller: Thanks, can you recommend something to eat there?
Aura: Sure, try a plate of carbonara or a slice of Roman pizza.
Caller: Can you tell me a joke?
Aura: Sure! What do you call a bear with no teeth? A gummy bear!
Caller: I would like to change my booking.
Aura: Sure, I can help you with that. Which day would suit you best?
Caller: Can you tell me a fact about the ocean?
Aura: Sure, the ocean covers most of the Earth, and its water is salty.
Caller: How are you doing?
Aura: I'm doing great, thanks for asking!
"""
"""The example call. Every prompt begins with it, so llama.cpp reads it once."""

MOST_PROMPT_MESSAGES = 20
"""The most messages of a conversation in a prompt."""
FORGOTTEN_AT_ONCE = 10
"""The number of oldest messages that are dropped together. After the same beginning as before, the
model reads only the rest of a prompt; with another beginning it takes about a second, so the prompt
is read ahead while the previous response is spoken."""
MESSAGE_CHARS = 180

_WORD_CHAR = re.compile(r"\w")
_LAST_MARKS = re.compile(r"\W+$")
_SPEAKER = re.compile(r"\b(caller|aura)\s*:", re.IGNORECASE)


def prompt_text(request: Prompt) -> str:
    """Return the call so far as text, which ends before Aura's next response."""
    first = _forgotten(len(request.messages))
    lines = [
        f"{'Caller' if role == 'user' else 'Aura'}: {_one_line(text)}"
        for role, text in request.messages[first:]
    ]
    begun_response = _one_line(request.said)
    return CALL + "\n".join([*lines, f"Aura: {begun_response}" if begun_response else "Aura:"])


def _forgotten(messages: int) -> int:
    """Return the number of oldest *messages* that are left out."""
    excess = max(0, messages - MOST_PROMPT_MESSAGES)
    return -(-excess // FORGOTTEN_AT_ONCE) * FORGOTTEN_AT_ONCE


def next_prompt(request: Prompt, response: str) -> str | None:
    """Return the start of the next prompt, after *response*; None if it begins like this one."""
    messages = (*request.messages, ("assistant", response), ("user", ""))
    if _forgotten(len(messages)) == _forgotten(len(request.messages)):
        return None
    return prompt_text(replace(request, messages=messages, said="")).removesuffix(" \nAura:")


def _one_line(text: str) -> str:
    """Return *text* on one line and without "Caller:" or "Aura:", which would begin a new line."""
    words = " ".join(text.split())
    return _SPEAKER.sub(r"\1,", words)[-MESSAGE_CHARS:]


def up_to_last_word(request: Prompt) -> str:
    """Return the prompt up to the caller's last word; empty if there is none."""
    if request.said or not request.messages or not _WORD_CHAR.search(request.messages[-1][1]):
        return ""
    return _LAST_MARKS.sub("", prompt_text(request).removesuffix("\nAura:"))
