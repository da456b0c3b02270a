"""What the demo prints: progress while it starts, where to look, the story in seconds, the sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from demo.stack.report import Report

_BOLD, _RED, _GREEN, _DIM, _PLAIN = "\033[1m", "\033[31m", "\033[32m", "\033[2m", "\033[0m"


class Terminal:
    """Prints lines to a stream; in colour where the stream is a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty()

    def step(self, text: str) -> None:
        """Say what is being done now."""
        self._print(f"{self._paint('·', _DIM)} {text}")

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._print(f"\n{self._paint(text, _BOLD)}")

    def addresses(self, places: Mapping[str, str]) -> None:
        """Show where to look."""
        width = max(map(len, places))
        for name, address in places.items():
            self._print(f"  {name:<{width}}  {address}")

    def event(self, seconds: float, kind: str, text: str) -> None:
        """Show an event of the story, so many seconds after the first fault."""
        colour = {"fault": _RED, "page": _RED, "alert": _BOLD, "resolved": _GREEN,
                  "recovery": _GREEN}.get(kind, _DIM)  # fmt: skip
        self._print(f"  {seconds:+7.1f} s  {self._paint(f'{kind:<10}', colour)} {text}")

    def detail(self, text: str) -> None:
        """Show more of the event above."""
        self._print(f"{'':24}{self._paint(text, _DIM)}")

    def budgets(self, report: Report) -> None:
        """Show one line for each objective's cell: truth, measured, budget left."""
        if not report.budgets:
            return
        self.heading("Bad events: truth, measured, and the 28-day budget that is left")
        for each in report.budgets:
            cell = " ".join(each.labels.values())
            left = each.budget_left_ratio
            text = "unknown" if left is None else f"{left:.1%}"
            mark = self._paint("=", _GREEN) if each.agrees else self._paint("≠", _RED)
            mark = mark if each.seen else self._paint("?", _DIM)
            self._print(
                f"  {each.slo:<18} {cell:<12} truth {each.truth:7.0f}  {mark}  "
                f"measured {each.measured:7.0f}   left {text}"
            )

    def verdict(self, failures: list[str]) -> None:
        """Say whether the scenario went as expected."""
        self._print("")
        if not failures:
            self._print(self._paint("As expected.", _GREEN))
        for each in failures:
            self._print(f"{self._paint('Not as expected:', _RED)} {each}")

    def _paint(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colour else text

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)
