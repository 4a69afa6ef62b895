"""The measure of pauses: its labels, its judgement, its bounds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.people.figures import share, spread
from benchmarks.people.pauses import judged
from benchmarks.people.recordings import Recording, labelled
from runtime.audio.conversion import write_wav

ONE = Recording("a", b"", "Yes. No. Well.", ((1.0, 1.8), (3.0, 3.4)), (0.0, 5.0))


def test_an_answer_in_a_pause_is_early_and_one_after_the_end_is_timed() -> None:
    trial = judged(ONE, [1700.0, 1750.0, 4000.0, 5820.0, 5900.0], "")
    assert (trial.pauses, trial.early, trial.first_audio_ms) == (2, [0], 820.0)
    assert judged(ONE, [], "").first_audio_ms is None


def test_recordings_are_read_with_their_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AURA_BENCH_AUDIO", str(tmp_path))
    (tmp_path / "a.wav").write_bytes(write_wav(bytes(32 * 3000), 16000))
    label = {
        "file": "a.wav",
        "words": "Yes. No.",
        "speech": [0.1, 2.5],
        "pauses": [[0.12, 0.4], [1.0, 1.9], [2.2, 2.48]],
    }
    (tmp_path / "labels.json").write_text(json.dumps([label]), encoding="utf-8")
    (found,) = labelled()
    assert (found.pauses_ms, found.done_ms, len(found.pcm)) == ([(1000, 1900)], 2500, 96_000)
    (tmp_path / "b.wav").write_bytes(write_wav(bytes(32 * 3000), 16000))
    assert len(labelled()) == 1, "one without labels is no measure"


def test_a_folder_that_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AURA_BENCH_AUDIO", str(tmp_path / "nowhere"))
    assert labelled() == []
    assert "SKIPPED" in capsys.readouterr().out


def test_the_bounds_hold_what_was_seen_and_narrow_with_more_of_it() -> None:
    for hits, count in ((0, 30), (2, 30), (30, 30)):
        low, high = share(hits, count)["percent_bounds"]
        assert 0 <= low <= 100 * hits / count <= high <= 100
    assert share(0, 300)["percent_bounds"][1] < share(0, 30)["percent_bounds"][1] < 12
    low, high = spread([700.0, 800.0, 900.0, 1500.0])["p50_bounds_ms"]
    assert 700 <= low <= 850 <= high <= 1500
