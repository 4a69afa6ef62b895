"""The turn model gets the last seconds of sound, and says why it cannot be loaded."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from schemas.audio import RATE_HZ
from workers.engines.errors import EngineMissingError, WeightsError
from workers.engines.turn.smart_turn import COLUMNS, WINDOW_S, SmartTurn

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("faster_whisper")
MELS = 80


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SmartTurn:
    """A model of the same form, whose output is how much louder the second half is."""
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    half = [1.0] * (COLUMNS // 2)
    weights = np.array([[[-one for one in half] + half]], np.float32) * 20 / COLUMNS / MELS
    nodes = [
        helper.make_node("Mul", ["input_features", "weights"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "axes"], ["summed"], keepdims=0),
        helper.make_node("Sigmoid", ["summed"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "turn",
        [helper.make_tensor_value_info("input_features", floats, [1, MELS, COLUMNS])],
        [helper.make_tensor_value_info("logits", floats, [1])],
        [
            onnx.numpy_helper.from_array(weights, "weights"),
            onnx.numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path_factory.mktemp("turn") / "turn.onnx"
    onnx.save(made, path)
    turns = SmartTurn(path)
    turns.warm()
    return turns


def tone(seconds: float, level: int = 8000) -> bytes:
    at = np.arange(int(seconds * RATE_HZ))
    return (np.sin(at * 440 * 2 * np.pi / RATE_HZ) * level).astype("<i2").tobytes()


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * RATE_HZ) * 2)


def test_sound_is_at_the_end_of_the_window_and_silence_before_it(model: SmartTurn) -> None:
    assert model.eot_audio(tone(2)) > 0.52
    assert model.eot_audio(tone(2) + silence(5)) < 0.48


def test_only_the_last_seconds_are_heard(model: SmartTurn) -> None:
    last = tone(3) + silence(WINDOW_S - 3)
    assert model.eot_audio(tone(20, 20_000) + last) == model.eot_audio(last)


def test_the_loudness_of_a_caller_changes_little(model: SmartTurn) -> None:
    loud, soft = model.eot_audio(tone(3)), model.eot_audio(tone(3, 800))
    assert loud == pytest.approx(soft, abs=0.05)


def test_half_a_sample_and_no_sound_are_no_error(model: SmartTurn) -> None:
    assert model.eot_audio(tone(1) + b"\1") == model.eot_audio(tone(1))
    assert 0 <= model.eot_audio(b"") <= 1


@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_file_that_is_no_model_is_told_with_what_to_do(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "turn.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"AURA_TURN_MODEL .*aura models fetch"):
        SmartTurn(path).warm()


def test_a_missing_library_is_told_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EngineMissingError, match=r"\[stt\]"):
        SmartTurn(tmp_path / "turn.onnx").warm()
