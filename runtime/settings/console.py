"""The operator's console: its address, what it shows, and whether it takes commands."""

from pydantic import BaseModel, Field


class ConsoleSettings(BaseModel):
    """The console (`docs/console.md`); its token is `operator_token`."""

    console: bool = Field(True, description="`aura up` starts the operator's console.")
    console_host: str = Field(
        "127.0.0.1",
        description="Address that the console listens on; any but this machine's own needs "
        "AURA_OPERATOR_TOKEN.",
    )
    console_port: int = Field(
        8090, ge=0, le=65535, description="Port of the console; 0 picks a free one."
    )
    console_words: bool = Field(
        True,
        description="The console shows the words of calls; false: no words, no sound, and no "
        "session files.",
    )
    console_commands: bool = Field(
        True,
        description="Users of the console may send commands to calls: say, instruct, end and "
        "others.",
    )
