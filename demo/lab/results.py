"""The folder that results are written into: data as plays end, tables and page at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from demo.lab.matrix import results_text
from demo.lab.outcome import Outcome
from demo.lab.page import page_text

RESULTS, JSON_RESULTS, PAGE = "RESULTS.md", "results.json", "index.html"


class Results:
    """What came of plays, in a folder.

    What stood there of an earlier lab is removed: tables of other plays than the data's would lie.

    Args:
        folder: made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended: list[Outcome] = []
        folder.mkdir(parents=True, exist_ok=True)
        for name in (RESULTS, JSON_RESULTS, PAGE):
            (folder / name).unlink(missing_ok=True)

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Write what came of one more play into ``results.json``, in the order of their ends.

        So what has been played is there though a later play fails.
        """
        self._ended += outcomes
        self._write_data(self._ended)

    def finish(
        self,
        outcomes: Sequence[Outcome],
        swept: Sequence[Outcome] = (),
        *,
        healthy: Sequence[Outcome] = (),
        first: Sequence[str] = (),
        more: Sequence[str] = (),
    ) -> str:
        """Write all of it in its final order, and return the tables.

        Args:
            outcomes: of scenarios.
            swept: of scenarios, at strengths that they do not promise.
            healthy: of clusters that are well; they are in no table.
            first: headings, paragraphs and tables before all others.
            more: likewise, after them.
        """
        self._write_data([*outcomes, *swept, *healthy])
        text = results_text(outcomes, swept, first=first, more=more)
        self._write(RESULTS, text)
        self._write(PAGE, page_text(outcomes, swept, first=first, more=more))
        return text

    def _write_data(self, outcomes: Iterable[Outcome]) -> None:
        content = [each.to_data() for each in outcomes]
        self._write(JSON_RESULTS, json.dumps(content, indent=1, sort_keys=True) + "\n")

    def _write(self, name: str, text: str) -> None:
        write_at_once(self._folder / name, text)


def write_at_once(path: Path, text: str) -> None:
    """Write a file at once: who reads it meanwhile has all of it, before or after."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
