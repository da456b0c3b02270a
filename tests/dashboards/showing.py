"""What boards must show in a fault, as data: ``shows/<board>.yaml``, by scenario and panel.

Held against a cluster in which the scenario plays, at some moment between its fault and its end.
Here only that every one of them can be asked.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent / "shows"


class Showing(BaseModel):
    """One panel of a board in one scenario: at some moment, one of its series has such a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenario: str
    panel: str
    """Its title."""
    ref: str = "A"
    variables: dict[str, str] = {}
    """What is chosen at the board's top, beside everything."""
    labels: dict[str, str] = {}
    """Of the series, among others."""
    at_least: float | None = None
    at_most: float | None = None
    why: str
    """What a person on call sees by it."""


def read_showings() -> dict[str, list[Showing]]:
    """Return what every board must show, by the board's file name without ending."""
    return {
        path.stem: [Showing.model_validate(each) for each in _read(path)]
        for path in sorted(FOLDER.glob("*.yaml"))
    }


def _read(path: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
