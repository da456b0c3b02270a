"""All dashboards that are looked at together, and what they are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from alerts.lint.rules import Rules
from dashboards.lint.board import Board, Panel, Query
from exporters.problems import Problem


@dataclass(frozen=True)
class Boards:
    """The dashboards, and the rules that record what they ask for."""

    boards: Sequence[Board]
    rules: Rules
    are_all: bool = True
    """Whether no other of those that were named is there, unread."""

    @cached_property
    def uids(self) -> frozenset[str]:
        """Those of all boards."""
        return frozenset(each.uid for each in self.boards if each.uid)

    @cached_property
    def firsts(self) -> dict[str, Board]:
        """The first board of each uid."""
        found: dict[str, Board] = {}
        for each in self.boards:
            found.setdefault(each.uid, each)
        return found


BoardCheck = Callable[[Board, Boards], Iterator[Problem]]
"""Yields what is wrong with a board as a whole. It never prints."""
PanelCheck = Callable[[Panel, Board], Iterator[Problem]]
"""Yields what is wrong with a panel. It never prints."""
QueryCheck = Callable[[Query, Boards], Iterator[Problem]]
"""Yields what is wrong with a query that asks a Prometheus. It never prints."""
