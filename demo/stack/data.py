"""What the panels of the built boards ask."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards.asking import EVERYTHING, PanelQuery, panel_queries


def read_panel_queries(folder: Path) -> list[PanelQuery]:
    """Return every query of the boards in a folder, variables filled in."""
    return [
        query
        for path in sorted(folder.glob("*.json"))
        for query in panel_queries(json.loads(path.read_text(encoding="utf-8")), EVERYTHING)
    ]
