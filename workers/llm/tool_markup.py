"""The markups in which models write tool calls, for servers that do not parse them.

Pure. A table of regions that are never spoken: their opening, their closing, their models, and the
parser of vLLM or SGLang for them. `workers/llm/markup_calls.py` parses their content.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Markup:
    """One markup of calls."""

    family: str
    """The models that use it, for operators."""
    openings: tuple[str, ...]
    """The texts that open a region, in any case."""
    closing: str
    """A regular expression; empty: the region goes on to the end of the response."""
    parser: str
    """For `--tool-call-parser` of vLLM; SGLang calls most of them alike."""

    @property
    def advice(self) -> str:
        """Return advice for operators."""
        return (
            f"let the model's server read its calls: vLLM and SGLang --tool-call-parser "
            f"{self.parser}, llama.cpp --jinja"
        )


MARKUPS: Final = (
    Markup(
        "Kimi K2",
        ("<|tool_calls_section_begin|>", "<|tool_call_section_begin|>"),
        r"<\|tool_calls?_section_end\|>",
        "kimi_k2",
    ),
    Markup("Kimi K2", ("<|tool_call_begin|>",), r"<\|tool_call_end\|>", "kimi_k2"),
    Markup(
        "DeepSeek V3",
        ("<｜tool▁calls▁begin｜>", "<|tool▁calls▁begin|>"),
        r"<[｜|]tool▁calls▁end[｜|]>",
        "deepseek_v31",
    ),
    Markup(
        "DeepSeek V3",
        ("<｜tool▁call▁begin｜>", "<|tool▁call▁begin|>"),
        r"<[｜|]tool▁call▁end[｜|]>",
        "deepseek_v31",
    ),
    Markup(
        "DeepSeek V3.2",
        ("<｜dsml｜function_calls>", "<｜dsml｜tool_calls>"),
        r"</｜dsml｜(?:function|tool)_calls\s*>",
        "deepseek_v32",
    ),
    Markup("DeepSeek V3.2", ("<｜dsml｜invoke ",), r"</｜dsml｜invoke\s*>", "deepseek_v32"),
    Markup("Step 3", ("<｜tool_calls_begin｜>",), r"<｜tool_calls_end｜>", "step3"),
    Markup(
        "MiniMax M2",
        ("<minimax:tool_call>", "<minimax:tool_calls>"),
        r"</minimax:tool_calls?\s*>",
        "minimax_m2",
    ),
    Markup("LongCat", ("<longcat_tool_call>",), r"</longcat_tool_call\s*>", "longcat"),
    Markup("Seed-OSS", ("<seed:tool_call>",), r"</seed:tool_call\s*>", "seed_oss"),
    Markup("Nemotron", ("<toolcall>",), r"</toolcall\s*>", "nemotron_v3"),
    Markup("Olmo 3", ("<function_calls>",), r"</function_calls\s*>", "olmo3"),
    Markup("MiniMax M1, Hunyuan", ("<tool_calls>",), r"</tool_calls\s*>", "minimax"),
    # Qwen and Hermes write JSON in it, Qwen3-Coder <function=...>, GLM <arg_key>
    Markup("Qwen, Hermes, GLM", ("<tool_call>",), r"</tool_call\s*>", "hermes, or glm45"),
    Markup("Qwen3-Coder", ("<function=",), r"</function\s*>", "qwen3_coder"),
    Markup("Granite", ("<function_call>",), r"</function_call\s*>", "granite-20b-fc"),
    Markup("Claude's form", ("<invoke name=",), r"</invoke\s*>", "minimax_m2"),
    Markup("Mistral", ("[tool_calls]",), "", "mistral"),
    Markup("Llama 3", ("<|python_tag|>",), r"<\|eo[mt]_id\|>", "llama3_json"),
    Markup("Llama 4", ("<|python_start|>",), r"<\|python_end\|>", "llama4_pythonic"),
    Markup("LFM2", ("<|tool_call_start|>",), r"<\|tool_call_end\|>", "lfm2"),
    Markup("Phi 4, Granite", ("<|tool_call|>",), r"<\|/tool_call\|>", "phi4_mini_json"),
    Markup("Gemma 4", ("<|tool_call>",), r"<tool_call\|>", "gemma4"),
    Markup("FunctionGemma", ("<start_function_call>",), r"<end_function_call>", "functiongemma"),
    Markup("Gemma 3", ("```tool_code", "```tool_call"), r"```", "pythonic"),
    Markup("Phi 4", ("functools[",), "", "phi4_mini_json"),
    Markup("Command R", ("<|start_action|>",), r"<\|end_action\|>", "cohere_command"),
)

PYTHONIC: Final = Markup("Llama 3.2", (), r"\)\s*\]", "pythonic")
"""`[book(guests=2)]`, alone."""

HARMONY: Final = Markup("gpt-oss", ("<|channel|>", "<|start|>"), "", "openai")
"""Channels: `analysis` is reasoning, `final` is spoken, and `to=` a tool is a call.

    <|start|>assistant<|channel|>commentary to=functions.book <|constrain|>json<|message|>
    {"guests": 2}<|call|>
"""
HARMONY_HEAD: Final = re.compile(
    r"(?:<\|start\|>[^<>|]{0,80})?(?:<\|channel\|>[^<>|]{0,80})?(?:<\|constrain\|>[^<>|]{0,40})?"
    r"<\|message\|>",
    re.IGNORECASE,
)
HARMONY_END: Final = re.compile(
    r"<\|(?:end|call|return)\|>|(?=<\|(?:start|channel)\|>)", re.IGNORECASE
)
MOST_HEAD_CHARS: Final = 320

_BY_OPENING: Final = {text: markup for markup in MARKUPS for text in markup.openings}
_OPENING: Final = re.compile(
    "|".join(map(re.escape, sorted(_BY_OPENING, key=len, reverse=True))),
    re.IGNORECASE | re.ASCII,  # else s and i match letters that lower() keeps
)
_ALL_OPENINGS: Final = (*_BY_OPENING, *HARMONY.openings)


def opening(text: str) -> tuple[Markup, int] | None:
    """Return the markup that opens at the start of *text*, and the index of its content."""
    match = _OPENING.match(text)
    if match is None:
        return None
    markup = _BY_OPENING[match.group().lower()]
    own = match.group().endswith(("=", " "))  # it names the tool, so it is a part of the content
    return markup, 0 if own else match.end()


def may_open(text: str) -> bool:
    """Return whether *text* is the start of an opening."""
    small = text.lower()
    return any(opening_text.startswith(small) for opening_text in _ALL_OPENINGS)
