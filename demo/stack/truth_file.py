"""The record of the truth as a file of the demo's folder, for those who come to a running demo.

JSON lines: first what the record is held against, then, whenever they change, the cells, and for
each moment the time and the cells' bad and all events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from demo.engine import Habit
from demo.stack.truth import Cell, Truth, TruthRecord
from exporters.problems import InputError, problem


class TruthFile:
    """A file that takes the truth of one moment after the other."""

    def __init__(self, path: Path, live_since: float, habits: Iterable[Habit]) -> None:
        """Begin the file.

        Args:
            path: replaced if it is there.
            live_since: UNIX seconds since when rules record what is real.
            habits: of the cells.
        """
        self._path = path
        self._cells: tuple[Cell, ...] = ()
        usual = [
            {"slo": each.slo, "labels": dict(each.labels), "bad_ratio": each.bad_ratio,
             "events_per_second": each.events_per_second}
            for each in habits
        ]  # fmt: skip
        path.write_text(_line({"live_since": live_since, "habits": usual}), encoding="utf-8")

    def add(self, truth: Truth) -> None:
        """Add a moment."""
        cells = tuple(each.cell for each in truth.classes)
        text = ""
        if cells != self._cells:
            self._cells = cells
            text = _line([[each.slo, each.labels] for each in truth.classes])
        bad = [each.bad for each in truth.classes]
        total = [each.total for each in truth.classes]
        text += _line({"time": truth.time, "bad": bad, "total": total})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)


def read_truth_file(path: Path) -> tuple[TruthRecord, float, tuple[Habit, ...]]:
    """Return the record in a file, since when rules record, and the cells' habits.

    Raises:
        InputError: if there is no such file, or it is none.
    """
    record = TruthRecord()
    cells: list[Cell] = []
    try:
        with path.open(encoding="utf-8") as lines:
            head = json.loads(next(lines, ""))
            habits = tuple(
                Habit(each["slo"], each["labels"], each["events_per_second"], each["bad_ratio"])
                for each in head["habits"]
            )
            # The demo may be writing the last line just now.
            for content in (json.loads(line) for line in lines if line.endswith("\n")):
                if isinstance(content, list):
                    cells = [(slo, tuple(sorted(labels.items()))) for slo, labels in content]
                else:
                    record.add(content["time"], _events(cells, content))
    except FileNotFoundError:
        raise InputError([problem(path, "no such file")]) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError([problem(path, f"is no record of the truth: {error!r}")]) from None
    return record, float(head["live_since"]), habits


def _events(cells: list[Cell], content: Mapping[str, Any]) -> dict[Cell, tuple[float, float]]:
    pairs = zip(content["bad"], content["total"], strict=True)
    return dict(zip(cells, pairs, strict=True))


def _line(content: Any) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"
