"""A play drawn as SVG: the truth, the burn rates against their thresholds, the alerts as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from math import isfinite, log10

from demo.lab.matrix import described
from demo.lab.outcome import FORBIDDEN, STANDING, AlertOutcome, CellPicture, Curve, Outcome

WIDTH, LEFT, RIGHT = 1270, 70, 400
HEIGHT, GAP = 130, 34
"""Of a plot, and between two."""
BAR = 20
MOST_BARS = 24
LONGEST_NAME = 62
"""Characters of an alert's, beside its bar."""
LINE = 13
"""Between two lines of text, at least."""
LEGEND, LEGEND_STEP = 430, 75
"""Where the windows' names begin beside a plot's title, and how far they are apart."""
TICK_SECONDS = 120.0
LEAST_BURN, MOST_BURN = 0.1, 1000.0
PAGE, RESOLVED = "page", "resolved"
_Scale = Callable[[float], float]
_COLOURS = ("#3366cc", "#dc9a1e", "#109618", "#990099", "#0099c6", "#b82e2e")
_OF_ROLE = {FORBIDDEN: "#c83232", "expected": "#2a8a4a", "allowed": "#7a8699"}


def drawing(outcome: Outcome) -> str:
    """Return the picture of a play; seconds from the first fault run to the right."""
    pictures = list(outcome.pictures)
    bars = [each for each in outcome.alerts if each.role != STANDING][:MOST_BARS]
    axis = _Axis(outcome.begins_seconds - 120.0, outcome.ends_seconds)
    heights = 2 * (HEIGHT + GAP) * len(pictures)
    height = heights + GAP + BAR * len(bars) + 40
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [f'<svg {size} role="img" aria-label="{escape(outcome.key)}">']
    until = outcome.recovered_seconds
    x_fault = axis.x(0.0)
    width = axis.x(until if until is not None else 0.0) - x_fault
    parts.append(
        f'<rect x="{x_fault:.1f}" y="14" width="{max(width, 2):.1f}" height="{height - 40}" '
        'style="fill:var(--fault)"/>'
    )
    top = GAP
    for each in pictures:
        parts += _truth(each, axis, top)
        parts += _burn_rates(each, axis, top + HEIGHT + GAP)
        top += 2 * (HEIGHT + GAP)
    parts += _bars(bars, axis, top)
    parts += _times(axis, height)
    parts.append("</svg>")
    return "".join(parts)


class _Axis:
    """Seconds after the fault to the right."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end

    def x(self, seconds: float) -> float:
        kept = min(max(seconds, self.start), self.end)
        span = WIDTH - LEFT - RIGHT
        return LEFT + span * (kept - self.start) / (self.end - self.start)

    def cut(self, curve: Curve) -> Iterator[tuple[float, float]]:
        for at, value in zip(curve.seconds, curve.values, strict=True):
            if self.start <= at <= self.end and isfinite(value):
                yield self.x(at), value


def _truth(picture: CellPicture, axis: _Axis, top: float) -> Iterator[str]:
    cell = " ".join(value for _, value in sorted(picture.labels.items()))
    points = list(axis.cut(picture.truth))
    most = max([value for _, value in points] + [4 * picture.budget_ratio])

    def y(value: float) -> float:
        return top + HEIGHT * (1 - value / most)

    yield _title(f"{picture.slo} {cell}: bad events in truth, % of all", top)
    yield _frame(top, f"{100 * most:.3g} %", "0")
    yield _line(points, y, "var(--truth)", 1.6)
    yield _level(y(picture.budget_ratio), f"allowed {100 * picture.budget_ratio:g} %", "#888")


def _burn_rates(picture: CellPicture, axis: _Axis, top: float) -> Iterator[str]:
    def y(value: float) -> float:
        share = log10(min(max(value, LEAST_BURN), MOST_BURN) / LEAST_BURN)
        return top + HEIGHT * (1 - share / log10(MOST_BURN / LEAST_BURN))

    yield _title("burn rate by window, in multiples of what the period can bear", top)
    yield _frame(top, f"{MOST_BURN:g}", f"{LEAST_BURN:g}")
    for at, curve in enumerate(picture.burn_rates):
        colour = _COLOURS[at % len(_COLOURS)]
        yield _line(list(axis.cut(curve)), y, colour, 1.2)
        x = LEFT + LEGEND + LEGEND_STEP * at
        yield (
            f'<text x="{x}" y="{top - 8:.0f}" style="fill:{colour}">'
            f"over {escape(curve.name)}</text>"
        )
    by_factor: dict[float, list[str]] = {}
    for window, factor in picture.thresholds.items():
        by_factor.setdefault(factor, []).append(window)
    free = top + HEIGHT + LINE
    for factor, windows in sorted(by_factor.items()):
        free = min(y(factor), free - LINE)  # two thresholds may be close to each other
        said = f"page above {factor:g} ({', '.join(windows)})"
        yield _level(y(factor), said, "#888", text_y=free)


def shortened(name: str) -> str:
    """Return a name as there is room for it."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _bars(alerts: Sequence[AlertOutcome], axis: _Axis, top: float) -> Iterator[str]:
    if not alerts:
        return
    yield _title("alerts:", top)
    x = LEFT + 50.0
    for role in sorted({each.role for each in alerts}):
        yield (f'<text x="{x}" y="{top - 8:.0f}" style="fill:{_OF_ROLE[role]}">{role}</text>')
        x += LEGEND_STEP
    for what in (PAGE, RESOLVED):
        yield _mark(x, top - 21, what)
        yield f'<text x="{x + 10}" y="{top - 8:.0f}">{what}</text>'
        x += LEGEND_STEP
    for at, each in enumerate(alerts):
        y = top + BAR * at
        colour = _OF_ROLE[each.role]
        for began, ended in each.firing:
            x = axis.x(began)
            width = axis.x(axis.end if ended is None else ended) - x
            yield (f'<rect x="{x:.1f}" y="{y + 4:.1f}" width="{max(width, 2):.1f}" height="11" '
                   f'rx="2" style="fill:{colour}"/>')  # fmt: skip
        if each.paged_seconds is not None:
            yield _mark(axis.x(each.paged_seconds), y, PAGE, is_titled=True)
        if each.resolved_seconds is not None:
            yield _mark(axis.x(each.resolved_seconds), y, RESOLVED, is_titled=True)
        yield (f'<text x="{WIDTH - RIGHT + 8}" y="{y + 13:.1f}">'
               f"{escape(shortened(described(each)))}</text>")  # fmt: skip


def _mark(x: float, y: float, what: str, *, is_titled: bool = False) -> str:
    corners = ((0, 1), (5, 9.5), (0, 18), (-5, 9.5))
    points = " ".join(f"{x + right:.1f},{y + down:.1f}" for right, down in corners)
    filled = "currentColor" if what == PAGE else "none"
    title = f"<title>{what}</title>" if is_titled else ""
    return f'<polygon points="{points}" style="fill:{filled};stroke:currentColor">{title}</polygon>'


def _times(axis: _Axis, height: float) -> Iterator[str]:
    every = TICK_SECONDS
    while (axis.end - axis.start) / every > 16:
        every *= 2
    at = -(-axis.start // every) * every
    while at <= axis.end:
        x = axis.x(at)
        yield (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="14" y2="{height - 26}" '
               'style="stroke:var(--line)"/>')  # fmt: skip
        said = "fault" if at == 0 else f"{at:+.0f} s"
        yield f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle">{said}</text>'
        at += every


def _title(text: str, top: float) -> str:
    return f'<text x="{LEFT}" y="{top - 8:.0f}">{escape(text)}</text>'


def _frame(top: float, most: str, least: str) -> str:
    right = WIDTH - RIGHT
    return (
        f'<rect x="{LEFT}" y="{top}" width="{right - LEFT}" height="{HEIGHT}" '
        'style="fill:none;stroke:var(--line)"/>'
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most}</text>'
        f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">{least}</text>'
    )


def _line(points: Sequence[tuple[float, float]], y: _Scale, colour: str, width: float) -> str:
    if not points:
        return ""
    told = " ".join(f"{x:.1f},{y(value):.1f}" for x, value in points)
    return (f'<polyline points="{told}" style="fill:none;stroke:{colour};'
            f'stroke-width:{width}"/>')  # fmt: skip


def _level(y: float, text: str, colour: str, text_y: float | None = None) -> str:
    right = WIDTH - RIGHT
    text_y = y if text_y is None else text_y
    return (
        f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" '
        f'style="stroke:{colour};stroke-dasharray:4 3"/>'
        f'<text x="{right + 8}" y="{text_y + 4:.1f}">{escape(text)}</text>'
    )
