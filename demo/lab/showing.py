"""What boards must show in a fault, as data: ``shows/<board>.yaml``, by scenario and panel.

Whether they do is asked of a play, by :mod:`demo.lab.asking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, RootModel

from dashboards.asking import EVERYTHING, every_panel
from demo.scenario import Scenario
from exporters.documents import Document, read_document
from exporters.problems import InputError, Problem

FOLDER = Path(__file__).parent / "shows"
_NAMED_AT_MOST = 5
"""Of what there is, in a problem: the nearest by name."""


class Showing(BaseModel):
    """One panel of a board in one scenario: a series of it comes to such a value.

    At some moment after the first fault, and at none of the minutes before it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenario: str
    panel: str
    """Its title."""
    ref: str = "A"
    """Of its query."""
    variables: dict[str, str] = {}
    """What is chosen at the board's top, beside everything."""
    labels: dict[str, str] = {}
    """Of the series, among others."""
    at_least: float | None = None
    at_most: float | None = None
    kept: bool = False
    """Whether it must be so at all moments, before the fault and after it: what a fault leaves
    alone."""
    why: str
    """What a person on call sees by it."""

    @property
    def asked(self) -> str:
        """What is asked, in words."""
        where = " ".join(
            f"{key}={value}" for key, value in sorted({**self.variables, **self.labels}.items())
        )
        bound = f"at most {self.at_most:g}" if self.at_least is None else (
            f"at least {self.at_least:g}"
        )  # fmt: skip
        ref = "" if self.ref == "A" else f"query {self.ref}"
        return ", ".join(filter(None, (ref, where, bound + (" throughout" if self.kept else ""))))


class _Showings(RootModel[list[Showing]]):
    """A file of them."""


def read_showings(
    boards: Mapping[str, Mapping[str, Any]],
    scenarios: Iterable[Scenario],
    folder: Path = FOLDER,
) -> dict[str, list[Showing]]:
    """Return what every board must show, by the board's file name without ending.

    Args:
        boards: as parsed JSON, by that name.
        scenarios: that can be named.
        folder: of the files.

    Raises:
        InputError: if a file is none of these, or names a board, panel, query, variable or scenario
            that there is not.
    """
    known = sorted(each.name for each in scenarios)
    found: dict[str, list[Showing]] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        document = read_document(path)
        found[path.stem] = document.parse(_Showings).root
        if path.stem not in boards:
            said = f"found showings of {path.stem!r}, which is no board"
            problems.append(document.problem((), said, _nearest(path.stem, boards)))
            continue
        problems += _misfits(document, found[path.stem], boards[path.stem], known)
    if problems:
        raise InputError(problems)
    return found


def _misfits(
    document: Document,
    showings: Iterable[Showing],
    board: Mapping[str, Any],
    scenarios: Iterable[str],
) -> Iterator[Problem]:
    """Yield what of a board and the scenarios is not there."""
    refs: dict[str, list[str]] = {}
    for panel in every_panel(board):
        for target in panel.get("targets", []):
            refs.setdefault(panel["title"], []).append(target["refId"])
    variables = {each["name"] for each in board["templating"]["list"]} & EVERYTHING.keys()
    for index, each in enumerate(showings):
        unknown = [
            ("scenario", each.scenario, scenarios, "simulated scenario"),
            ("panel", each.panel, refs, "panel with queries"),
            ("ref", each.ref, refs.get(each.panel, [each.ref]), "query of the panel"),
            *(("variables", name, variables, "variable of the board") for name in each.variables),
        ]
        for key, name, known, what in unknown:
            if name not in known:
                said = f"found {name!r}, expected a {what}"
                yield document.problem((index, key), said, _nearest(name, known))
        if (each.at_least is None) == (each.at_most is None):
            said = "found none" if each.at_least is None else "found both"
            said += " of at_least and at_most, expected one of them"
            yield document.problem((index,), said, "say which value is reached")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), _NAMED_AT_MOST, cutoff=0)
    return f"take one of: {', '.join(near)}"
