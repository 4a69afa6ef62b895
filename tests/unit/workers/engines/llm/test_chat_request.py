"""What a server is asked, whatever the history looks like and whatever it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.events import Message, ToolCall
from schemas.tools import ToolFunction
from workers.engines.llm.chat_request import SYSTEM_ROLE, body, messages, refused_field
from workers.engines.protocols import CallInfo, Prompt

USER, AI = "user", "assistant"


def roles(*history: tuple[str, str], system: str = "Be kind.", said: str = "") -> list[str]:
    return [message["role"] for message in messages(Prompt(system, history, said=said))]


@pytest.mark.parametrize(
    "history",
    [
        [(AI, "Hello!"), (USER, "Hi.")],
        [(USER, "Hi."), (USER, "Anybody there?")],
        [(AI, "a"), (AI, "b"), (USER, "c"), (USER, "d"), (AI, "e"), (AI, "f"), (USER, "g")],
        [(USER, "a"), (AI, ""), (USER, "b")],
        [(AI, "Hello!")],
        [],
    ],
)
@pytest.mark.parametrize("said", ["", "The begun"])
@pytest.mark.parametrize("system", ["", "Be kind."])
def test_the_caller_is_first_and_the_sides_take_turns(
    history: list[tuple[str, str]], said: str, system: str
) -> None:
    sent_roles = roles(*history, system=system, said=said)
    turns = [role for role in sent_roles if role != "system"]
    assert turns == [USER, AI] * (len(turns) // 2) + [USER]
    assert sent_roles.count("system") <= 1
    assert "system" not in sent_roles[1:]


def test_a_greeting_is_told_in_the_text_of_the_system() -> None:
    system, user = messages(Prompt("Be kind.", ((AI, "Hello!"), (USER, "Hi."))))
    assert system["content"].startswith("Be kind.")
    assert "Hello!" in system["content"]
    assert user["content"] == "Hi."


def test_neighbours_of_one_role_are_joined() -> None:
    asked = messages(Prompt("", ((USER, "Hi."), (USER, "Anybody there?"))))
    assert asked == [{"role": USER, "content": "Hi.\nAnybody there?"}]


def test_without_a_system_role_its_text_is_in_the_callers_first_message() -> None:
    prompt = Prompt("Be kind.", ((USER, "Hi."),))
    assert messages(prompt, has_system=False) == [{"role": USER, "content": "Be kind.\n\nHi."}]


@pytest.mark.parametrize("field", ["stream_options", "temperature", "seed"])
def test_a_field_is_left_out(field: str) -> None:
    prompt = Prompt("", ((USER, "Hi."),), seed=1)
    assert field in body(prompt, "m")
    assert field not in body(prompt, "m", {field})


def test_the_limit_of_tokens_has_two_names() -> None:
    prompt = Prompt("", ((USER, "Hi."),), max_tokens=9)
    assert body(prompt, "m")["max_tokens"] == 9
    other = body(prompt, "m", {"max_tokens"})
    assert "max_tokens" not in other
    assert other["max_completion_tokens"] == 9
    assert "max_completion_tokens" not in body(prompt, "m", {"max_tokens", "max_completion_tokens"})


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        ({"error": {"message": "Unknown parameter: 'stream_options'"}}, "stream_options"),
        ({"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]}, "stream_options"),
        (
            {"error": {"message": "'max_tokens' is no more: use 'max_completion_tokens'"}},
            "max_tokens",
        ),
        ({"error": {"message": "Unsupported value", "param": "temperature"}}, "temperature"),
        ("unexpected field seed", "seed"),
        ({"error": "System role not supported"}, SYSTEM_ROLE),
        ({"error": {"message": "Only user and assistant roles are supported!"}}, SYSTEM_ROLE),
        ({"error": {"message": "no such model"}}, None),
        ({"detail": [{"msg": "bad", "input": {"stream_options": {}, "seed": 1}}]}, None),
        ({"error": {"message": "seeds are good"}}, None),
        (None, None),
        ([], None),
    ],
)
def test_what_a_refusal_names_is_what_is_left_out(refusal: object, field: str | None) -> None:
    sent = body(Prompt("Be kind.", ((USER, "Hi."),), seed=1), "m")
    assert refused_field(refusal, sent) == field


def test_what_was_not_sent_is_not_refused() -> None:
    sent = body(Prompt("", ((USER, "Hi."),)), "m", {"temperature"})
    assert refused_field("no temperature, no seed, no system role", sent) is None


BOOK = ToolFunction(name="book", description="Book a table.", parameters={"type": "object"})
EXCHANGE = (
    Message("user", "A table, please."),
    Message("assistant", "Let me see.", calls=(ToolCall("call_1_0_0", "book", '{"n": 2}'),)),
    Message("tool", '{"ok": true}', call="call_1_0_0"),
)
CALLED = Prompt("Be kind.", (), tools=(BOOK,), exchange=EXCHANGE)


def test_tools_calls_and_results_are_told_in_the_servers_form() -> None:
    sent = body(CALLED, "m")
    assert sent["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "book",
                "description": "Book a table.",
                "parameters": {"type": "object"},
            },
        }
    ]
    _, user, assistant, tool = sent["messages"]
    assert user["content"] == "A table, please."
    assert assistant["content"] == "Let me see."
    assert assistant["tool_calls"] == [
        {
            "id": "call_1_0_0",
            "type": "function",
            "function": {"name": "book", "arguments": '{"n": 2}'},
        }
    ]
    assert tool == {"role": "tool", "tool_call_id": "call_1_0_0", "content": '{"ok": true}'}


@pytest.mark.parametrize(
    ("choice", "sent", "words"),
    [
        ("auto", None, ""),
        ("required", "required", "a call of one of them."),
        ("book", {"type": "function", "function": {"name": "book"}}, "a call of book."),
    ],
)
def test_what_must_be_called_is_told(choice: str, sent: object, words: str) -> None:
    asked = replace(CALLED, tool_choice=choice)
    assert body(asked, "m").get("tool_choice") == sent
    in_words = body(asked, "m", {"tools"})
    assert "tool_choice" not in in_words
    assert in_words["messages"][0]["content"].endswith(words)


def test_a_server_that_knows_no_tools_is_told_of_them_in_words() -> None:
    refusal = {"error": {"message": "registry/gemma3 does not support tools"}}
    assert refused_field(refusal, body(CALLED, "m")) == "tools"
    sent = body(CALLED, "m", {"tools"})
    assert "tools" not in sent
    system, user, assistant, result = sent["messages"]
    assert "Book a table." in system["content"]
    assert assistant["content"] == 'Let me see.\n{"name": "book", "arguments": {"n": 2}}'
    assert [message["role"] for message in (user, assistant, result)] == [
        "user",
        "assistant",
        "user",
    ]
    assert '{"ok": true}' in result["content"]


def test_what_differs_between_calls_comes_after_the_tools_that_are_told_in_words() -> None:
    """An engine that keeps what it read keeps the tools, whatever was heard of a greeting."""
    tool = ToolFunction(name="book", description="Book a table.", parameters={"type": "object"})

    def told(greeting: str, caller: str = "Ann") -> str:
        said = (("assistant", greeting), ("user", "Hi."))
        system = f"Be brief.\n\nBe kind.\n\nYou talk to {caller}."
        asked = Prompt(system, said, tools=(tool,), tool_choice="required")
        return str(messages(asked, has_tools=False)[0]["content"])

    whole, cut = told("Good evening!"), told("Good")
    before, _, after = whole.partition("Good evening!")
    assert "Book a table." in before
    assert cut == f"{before}Good{after}"
    alike = whole.partition("Ann")[0]
    assert told("Good evening!", "Bob").startswith(alike)
    assert alike.startswith("Be brief.\n\nBe kind.\n\n")  # a step without tools begins so, too
    assert alike.endswith("You talk to ")
    assert "Book a table." in alike


def test_broken_arguments_are_not_repeated_to_a_server_that_would_read_them() -> None:
    broken = Message("assistant", "", calls=(ToolCall("c", "book", '{"n": '),))
    told = messages(Prompt("", (), exchange=(EXCHANGE[0], broken, EXCHANGE[2])))
    assert told[1]["tool_calls"][0]["function"]["arguments"] == "{}"
    assert told[1]["content"] is None


def test_a_server_is_told_the_call_in_texts() -> None:
    caller = CallInfo("s_1", "acme", 3, "host@2", speculative=True)
    asked = body(Prompt("", ((USER, "Hi."),)), "m", caller=caller)
    assert asked["user"] == "s_1"
    assert asked["metadata"] == {
        "session": "s_1",
        "tenant": "acme",
        "turn": "3",
        "agent": "host@2",
        "speculative": "true",
    }


def test_a_response_without_words_of_the_caller_is_asked_for() -> None:
    told = messages(Prompt("", ((USER, "Hi."), (AI, "Hello."))))
    assert [message["role"] for message in told] == [USER, AI, USER]
    assert told[-1]["content"]
