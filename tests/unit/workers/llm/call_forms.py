"""The forms in which models write a call into their text."""

from __future__ import annotations

from workers.engines.protocols import FunctionCall
from workers.llm.tool_text import ToolText

BOOK = FunctionCall("book", '{"guests": 2}')
BARE = '{"name": "book", "arguments": {"guests": 2}}'
FORMS = [
    BARE,
    f"```json\n{BARE}\n```",
    f"```\n{BARE}\n```",
    f"<tool_call>\n{BARE}\n</tool_call>",
    f"<tool_call>{BARE}</tool_call>",
    '{{"name": "book", "arguments": {"guests": 2}}}',
    '{"name": "book", "parameters": {"guests": 2}}',
    '{"type": "function", "function": {"name": "book", "arguments": {"guests": 2}}}',
    '{"name": "book", "arguments": "{\\"guests\\": 2}"}',
    f"[{BARE}]",
    '<function=book>{"guests": 2}</function>',
    "<function=book><parameter=guests>2</parameter></function>",
    "<tool_call>\n<function=book>\n<parameter=guests>\n2\n</parameter>\n</function>\n</tool_call>",
    "<tool_call><function=book><parameter=guests>2</function></tool_call>",
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>book<｜tool▁sep｜>"
    '{"guests": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>book\n"
    '```json\n{"guests": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
]
MARKUP = [
    # Kimi K2, K2.5
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.book:0<|tool_call_argument_begin|>"
    '{"guests": 2}<|tool_call_end|><|tool_calls_section_end|>',
    '<|tool_call_begin|>book:3 <|tool_call_argument_begin|>{"guests": 2}<|tool_call_end|>',
    # GLM 4.5 to 4.7
    "<tool_call>book\n<arg_key>guests</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
    "<tool_call>book<arg_key>guests</arg_key><arg_value>2</arg_value></tool_call>",
    # MiniMax M2, M1
    '<minimax:tool_call>\n<invoke name="book">\n<parameter name="guests">2</parameter>\n'
    "</invoke>\n</minimax:tool_call>",
    '<tool_calls>\n{"name": "book", "arguments": {"guests": 2}}\n</tool_calls>',
    # DeepSeek V3.2, V4
    '<｜DSML｜function_calls>\n<｜DSML｜invoke name="book">\n<｜DSML｜parameter name="guests" '
    'string="false">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
    '<｜DSML｜tool_calls><｜DSML｜invoke name="book">{"guests": 2}</｜DSML｜invoke>'
    "</｜DSML｜tool_calls>",
    '<|tool▁calls▁begin|><|tool▁call▁begin|>book<|tool▁sep|>{"guests": 2}<|tool▁call▁end|>'
    "<|tool▁calls▁end|>",
    # gpt-oss
    "<|channel|>analysis<|message|>A table for two: book.<|end|><|start|>assistant<|channel|>"
    'commentary to=functions.book <|constrain|>json<|message|>{"guests": 2}<|call|>',
    # Step 3, Seed-OSS, LongCat, Nemotron, Olmo 3, Claude's form
    '<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="book">'
    '<steptml:parameter name="guests">2</steptml:parameter></steptml:invoke><｜tool_calls_end｜>',
    "<seed:tool_call>\n<function=book>\n<parameter=guests>2</parameter>\n</function>\n"
    "</seed:tool_call>",
    '<longcat_tool_call>{"name": "book", "arguments": {"guests": 2}}</longcat_tool_call>',
    '<TOOLCALL>[{"name": "book", "arguments": {"guests": 2}}]</TOOLCALL>',
    "<function_calls>\nbook(guests=2)\n</function_calls>",
    '<function_calls><invoke name="book"><parameter name="guests">2</parameter></invoke>'
    "</function_calls>",
    # Llama 3.1 to 4, LFM2, Gemma 3 and 4, Phi 4, Granite
    "[book(guests=2)]",
    "<|python_start|>[book(guests=2)]<|python_end|>",
    '<|python_tag|>{"name": "book", "parameters": {"guests": 2}}<|eom_id|>',
    "<|python_tag|>book.call(guests=2)<|eom_id|>",
    "<|tool_call_start|>[book(guests=2)]<|tool_call_end|>",
    "```tool_code\nbook(guests=2)\n```",
    "<start_function_call>call:book{guests:2}<end_function_call>",
    "<|tool_call>call:book{guests:2}<tool_call|>",
    '<|tool_call|>[{"name": "book", "arguments": {"guests": 2}}]<|/tool_call|>',
    '<function_call>{"name": "book", "arguments": {"guests": 2}}</function_call>',
    # Command R
    '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "book", "parameters": {"guests": 2}}]'
    "<|END_ACTION|>",
]
"""As the models' servers write it where nothing reads their calls."""
STRIPPED = [
    'functions.book:0{"guests": 2}',
    'functions.book:12 {"guests": 2}',
    'assistantcommentary to=functions.book json{"guests": 2}',
    'commentary to=functions.book json {"guests": 2}',
    'book{"guests": 2}',
    'book[ARGS]{"guests": 2}',
]
"""What is left of a markup where the server takes its marks for no text."""
LAST = [
    '<|start|>assistant to=functions.book<|channel|>commentary json<|message|>{"guests": 2}',
    '[TOOL_CALLS]book[ARGS]{"guests": 2}',
    '[TOOL_CALLS]book[CALL_ID]a1B2c3D4e[ARGS]{"guests": 2}</s>',
    f"[TOOL_CALLS] [{BARE}]",
    f"functools[{BARE}]",
]
"""The same; it goes on to the end of the response."""


def taken(text: str, cuts: list[int]) -> tuple[str, list[FunctionCall]]:
    filtered, said, before = ToolText(["book"]), "", 0
    for at in [*sorted(cuts), len(text)]:
        said += filtered.feed(text[before:at])
        before = at
    return said + filtered.flush(), filtered.calls
