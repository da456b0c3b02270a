"""Panels without data: text, and headings over others."""

from __future__ import annotations

from typing import Any

from grafanalib import core


def text(id: int, title: str, content: str) -> Any:
    """Return a panel of Markdown without a frame."""
    return core.Text(id=id, title=title, content=content, mode="markdown", transparent=True)


def row(id: int, title: str, *, collapsed: bool = False) -> Any:
    """Return a heading over the panels below it.

    Args:
        id: unique on the board, as a panel's.
        title: the heading.
        collapsed: whether the panels up to the next heading are hidden until somebody asks for
            them, and query nothing until then (:func:`dashboards.layout.place` puts them in).
    """
    return core.RowPanel(id=id, title=title, collapsed=collapsed)
