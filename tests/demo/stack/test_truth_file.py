"""The record of the truth in the demo's folder."""

from pathlib import Path

import pytest

from demo.engine import Habit
from demo.stack.truth import Truth, TruthClass
from demo.stack.truth_file import TruthFile, read_truth_file
from exporters.problems import InputError

EU, US = {"region": "eu", "model": "chat"}, {"region": "us", "model": "chat"}
HABIT = Habit("s", EU, events_per_second=30.0, bad_ratio=0.0003)


def _truth(time: float, *cells: tuple[dict[str, str], float, float]) -> Truth:
    return Truth(time, tuple(TruthClass("s", labels, bad, total) for labels, bad, total in cells))


def test_what_was_written_is_read(tmp_path: Path):
    """Cells that come later too."""
    file = TruthFile(tmp_path / "truth.jsonl", 1000.0, [HABIT])
    file.add(_truth(1001.0, (EU, 1.0, 10.0)))
    file.add(_truth(1002.0, (EU, 2.0, 20.0), (US, 0.0, 5.0)))

    record, live_since, habits = read_truth_file(tmp_path / "truth.jsonl")

    assert (1000.0, (HABIT,), [1001.0, 1002.0]) == (live_since, habits, record.times)
    eu, us = (("s", tuple(sorted(labels.items()))) for labels in (EU, US))
    assert {eu: [1.0, 2.0], us: [0.0, 0.0]} == record.bad
    assert {eu: [10.0, 20.0], us: [0.0, 5.0]} == record.total


def test_a_line_that_is_just_being_written_is_left_out(tmp_path: Path):
    """The demo writes while others read."""
    path = tmp_path / "truth.jsonl"
    TruthFile(path, 1000.0, []).add(_truth(1001.0, (EU, 1.0, 10.0)))
    path.write_text(path.read_text() + '{"time":1002.0,"ba')

    record, _, _ = read_truth_file(path)

    assert [1001.0] == record.times


@pytest.mark.parametrize("text", ["", "no JSON\n", "{}\n", '{"live_since":1,"habits":[]}\n[1]\n'])
def test_another_file_is_refused(tmp_path: Path, text: str):
    """Without a traceback."""
    path = tmp_path / "truth.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match="is no record of the truth"):
        read_truth_file(path)


def test_a_folder_without_one_is_refused(tmp_path: Path):
    """No demo was there."""
    with pytest.raises(InputError, match="no such file"):
        read_truth_file(tmp_path / "truth.jsonl")
