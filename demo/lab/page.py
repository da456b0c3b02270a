"""Outcomes as one self-contained HTML page: the tables, and a picture of each play."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from demo.lab.drawing import drawing
from demo.lab.grid import grid
from demo.lab.matrix import ALERTS_HEADING, results_text, verdict
from demo.lab.outcome import Outcome

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #2a8a4a; --bad: #c83232; --mute: #888;
  --truth: #c83232; --fault: #c8323222; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem;
  padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; }
.wide { overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left;
  vertical-align: top; font-variant-numeric: tabular-nums; }
th { font-weight: 600; }
.short { white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif;
  fill: currentColor; }
.grid { border-collapse: separate; border-spacing: 1px; }
.grid th, .grid td { border: 0; padding: 0 .3rem; white-space: nowrap; }
.grid thead th { vertical-align: bottom; writing-mode: sideways-lr; writing-mode: vertical-rl;
  transform: rotate(180deg); font-weight: 400; }
.grid tbody th { font-weight: 400; position: sticky; left: 0; background: Canvas; }
.grid td { min-width: 1.6rem; text-align: right; background: #8881; }
.grid .good { background: #2a8a4a33; } .grid .bad { background: #c8323255; }
.grid .may { color: var(--mute); }
nav a { margin-right: .8rem; white-space: nowrap; } a { color: inherit; }
h2 { margin: 1.2rem 0 .2rem; } .place { color: var(--mute); margin: 0 0 .5rem; }
""".strip()
LONGEST_UNBROKEN = 24
"""Characters of a cell that stay in one line: times, and names of scenarios."""
_MARKS = {"yes": "good", "as": "good", "MISSED": "bad", "MUST": "bad", "NOT": "bad",
          "kept": "good", "BROKEN": "bad"}  # fmt: skip


def page_text(
    outcomes: Sequence[Outcome],
    sweep: Sequence[Outcome] = (),
    *,
    first: Sequence[str] = (),
    more: Sequence[str] = (),
) -> str:
    """Return the page; its arguments are those of :func:`demo.lab.matrix.results_text`."""
    every = sorted(outcomes, key=lambda each: (each.scenario, -(each.strength or 0), each.rules))
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>What the alerts see</title><style>{_STYLE}</style></head><body>",
        *_of_markdown(
            results_text(outcomes, sweep, first=first, more=more),
            [each for each in every if each.is_judged],
        ),
        *(part for each in every for part in _section(each)),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _section(outcome: Outcome) -> Iterator[str]:
    strength = "" if outcome.strength is None else f", strength {outcome.strength:g}"
    by = f", by the rules of {escape(outcome.rules)}" if not outcome.is_judged else ""
    yield f'<section id="{escape(outcome.key)}"><h2>{escape(outcome.scenario)}{strength}{by}</h2>'
    place = ", ".join(f"{key} {value}" for key, value in outcome.place.items())
    yield f'<p class="place">{escape(place)}</p>'
    if outcome.is_judged:
        mark = "good" if outcome.is_good else "bad"
        yield f'<p class="{mark}">{escape(verdict(outcome))}</p>'
    missed = (*outcome.failures, *outcome.rule_failures)
    if missed:
        yield "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in missed) + "</ul>"
    yield drawing(outcome)
    yield "</section>"


def _of_markdown(text: str, judged: Sequence[Outcome]) -> Iterator[str]:
    """Yield HTML of what :mod:`demo.lab.matrix` writes: headings, paragraphs and tables.

    The table of alerts is a grid here, for which there is room.
    """
    heading = ""
    for block in text.strip().split("\n\n"):
        if block.startswith("<!--"):
            continue
        before, heading = heading, block
        if before == ALERTS_HEADING:
            yield from grid(judged)
            continue
        if block.startswith("#"):
            marks, _, words = block.partition(" ")
            yield f"<h{len(marks)}>{escape(words)}</h{len(marks)}>"
        elif block.startswith("|"):
            yield '<div class="wide">' + "".join(_table(block.splitlines())) + "</div>"
        else:
            yield f"<p>{escape(block).replace('`', '')}</p>"


def _table(lines: Iterable[str]) -> Iterator[str]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    yield "<table><tr>" + "".join(f"<th>{escape(each)}</th>" for each in rows[0]) + "</tr>"
    for row in rows[2:]:
        yield "<tr>" + "".join(map(_cell, row)) + "</tr>"
    yield "</table>"


def _cell(text: str) -> str:
    mark = _MARKS.get(text.partition(" ")[0])
    short = "short" if len(text) <= LONGEST_UNBROKEN else None
    classes = " ".join(filter(None, (mark, short)))
    attribute = f' class="{classes}"' if classes else ""
    return f"<td{attribute}>{escape(text)}</td>"
