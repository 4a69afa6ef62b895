"""Which of llama.cpp's models follow instructions."""

from pathlib import Path

import pytest

from workers.engines.errors import WeightsError
from workers.engines.llm.llama import has_chat_template


def test_a_file_with_a_chat_template_is_of_a_model_that_follows_instructions(
    tmp_path: Path,
) -> None:
    base, instruct = tmp_path / "base.gguf", tmp_path / "instruct.gguf"
    base.write_bytes(b"GGUF" + bytes(1000) + b"tokenizer.ggml.tokens")
    instruct.write_bytes(base.read_bytes() + b"tokenizer.chat_template" + bytes(99))
    assert not has_chat_template(base)
    assert has_chat_template(instruct)
    (tmp_path / "empty.gguf").touch()
    for name in ("empty.gguf", "gone.gguf"):
        with pytest.raises(WeightsError, match="AURA_LLM_MODEL"):
            has_chat_template(tmp_path / name)
