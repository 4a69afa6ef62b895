"""The job of the language model: to write one step of a response. Pure."""

from edge.core.messages.effects import Outbox
from edge.core.response.given_words import speaker
from edge.core.session.history import History
from schemas.events import Message, TurnTaken
from schemas.session_config import SessionConfig


def model_job(
    out: Outbox,
    history: History,
    config: SessionConfig,
    turn: int,
    messages: tuple[Message, ...],
    now_ms: int,
) -> TurnTaken:
    """Return the job to respond to *messages* by *config*, without an utterance and tools."""
    wanted = config.response
    return TurnTaken(
        **out.head(now_ms),
        turn=turn,
        utterance=0,
        pause=0,
        system=history.system(wanted.system_prompt),
        messages=messages,
        llm_model=wanted.model,
        max_tokens=wanted.max_tokens,
        temperature=wanted.temperature,
        seed=wanted.seed,
        speculative=False,
        text_only=config.voice.delivery == "text",
        deadline_ms=now_ms + wanted.timeout_ms,
        agent=out.agent,
        **speaker(config),
    )
