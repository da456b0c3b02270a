"""What a page is told of its board: variables, marks and panels, each as soon as it is known.

One answer for all of them, for a request each would keep a browser busy, which lets six of them run
at once and the others wait for the slowest. It is a line of JSON for each; a panel that cannot be
drawn has the problem in its line.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.interpolation import WORDS, interpolate
from dashboards.preview.asking import Asker
from dashboards.preview.drawing import SUCCEEDED, draw_panel
from dashboards.preview.links import Carried, board_links
from dashboards.preview.loose import text
from dashboards.preview.marks import asked_annotations, find_marks
from dashboards.preview.model import Board, Panel
from dashboards.preview.outages import OutageError, Watched
from dashboards.preview.times import Range
from slo.prometheus import PrometheusError

Line = dict[str, Any]
IN_SHORT = "Prometheus does not answer."
"""What panels say; why stands once, above them."""
_TURNS = {"text": 0, "stat": 0, "timeseries": 1, "state-timeline": 1, "heatmap": 1}
"""Of kinds of panels; all others, of which most are of one moment, come last."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a page wants to be told."""

    board: Board
    range: Range
    panels: Sequence[tuple[Panel, int]]
    """Panels, each with the points that it has room for."""
    marks: Sequence[str] | None
    """Names of the annotations that are shown; None where they are not asked for."""


@dataclass(frozen=True)
class Teller:
    """Tells pages of boards what one Prometheus knows."""

    prometheus: Watched
    asker: Asker
    scrape_seconds: float

    async def tell(
        self, wanted: Wanted, carried: Carried, beside: Sequence[Awaitable[Line]] = ()
    ) -> AsyncIterator[str]:
        """Give a line for each panel, in the order in which they are known, then one for the marks.

        Numbers are asked for first, then what reads all of a range, which takes longest: asked for
        last, it would be waited for alone.

        Marks are drawn on graphs, which can be read without them, and one that looks for what is
        new takes as long as a few panels.

        Args:
            wanted: what is asked for.
            carried: what is chosen on the board.
            beside: lines that are told with those of panels.
        """
        panels = (self._panel(panel, points, wanted.range, carried)
                  for panel, points in sorted(wanted.panels, key=_turn))  # fmt: skip
        tasks = [asyncio.ensure_future(each) for each in (*beside, *panels)]
        try:
            for done in asyncio.as_completed(tasks):
                yield written(await done)
        finally:  # whoever asked may be gone
            for each in tasks:
                each.cancel()
        if wanted.marks is not None and (line := await self._marks(wanted, wanted.marks, carried)):
            yield written(line)

    async def _panel(self, panel: Panel, points: int, range_: Range, carried: Carried) -> Line:
        try:
            drawing = await draw_panel(panel, self.asker, range_, points, carried)
        except OutageError as error:
            return {"panel": panel.key, "problem": IN_SHORT, "outage": f"{error}"}
        except PrometheusError as error:
            return {"panel": panel.key, "problem": f"{error}"}
        except Exception:  # noqa: BLE001 - a mistake of ours costs one panel
            _LOG.exception("panel %s", panel.key)
            return {"panel": panel.key, "problem": "The preview cannot draw this: see its log."}
        return {"panel": panel.key, "drawing": drawing}

    async def _marks(self, wanted: Wanted, names: Sequence[str], carried: Carried) -> Line | None:
        marks = []
        try:
            for each in asked_annotations(wanted.board.annotations):
                if text(each.get("name")) in names:
                    marks += await find_marks(
                        each, self.prometheus, wanted.range, carried.standing, self.scrape_seconds
                    )
        except PrometheusError:
            return None  # each panel says what is wrong; graphs without marks are graphs
        return {"marks": marks}


def _turn(asked: tuple[Panel, int]) -> int:
    kind = asked[0].kind
    return _TURNS.get(SUCCEEDED.get(kind, kind), len(_TURNS))


def told_of_variables(board: Board, boards: Mapping[str, Board], carried: Carried) -> Line:
    """Return the line of a board's variables: their offers, links, and titles of its rows."""
    standing = {each.name: each.standing for each in carried.variables}
    return {
        "outage": next((each.outage for each in carried.variables if each.outage), ""),
        "variables": [each.to_json() for each in carried.variables],
        "links": board_links(board, boards, carried),
        "titles": [interpolate(each.title, standing, where=WORDS) for each in board.sections],
    }


def written(line: Line) -> str:
    """Return a line as it is sent."""
    return json.dumps(line, allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n"
