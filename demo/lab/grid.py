"""Alerts times plays as a grid of HTML: what came of each alert in each, at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from demo.lab.matrix import MAY, MISSED, MUST_NOT, SEEN, alerts_of, cell
from demo.lab.outcome import Outcome

_CLASSES = {SEEN: "good", MISSED: "bad", MUST_NOT: "bad", MAY: "may"}
_MISSED_SHOWN = "no"


def grid(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a grid of plays that were judged: a row for each alert, a column for each play.

    A cell holds the seconds from the first fault to the alert; what it is worth, its colour says,
    and its title in words.
    """
    yield '<div class="wide"><table class="grid"><thead><tr><td></td>'
    for each in outcomes:
        key = escape(each.key)
        yield f'<th><a href="#{key}">{key}</a></th>'
    yield "</tr></thead><tbody>"
    for name in alerts_of(outcomes):
        yield f"<tr><th>{escape(name)}</th>"
        yield from (_cell(each, name) for each in outcomes)
        yield "</tr>"
    yield "</tbody></table></div>"


def _cell(outcome: Outcome, name: str) -> str:
    found = cell(outcome, name)
    if found is None:
        return "<td></td>"
    word, fired = found
    shown = _MISSED_SHOWN if fired is None else f"{fired:.0f}"
    title = escape(f"{outcome.key}: {name}: {word}")
    return f'<td class="{_CLASSES[word]}" title="{title}">{shown}</td>'
