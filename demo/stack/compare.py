"""What the stack says beside what really is, row by row. Pure.

Budgets are judged as reports judge them. States and causes are words: they are the same or not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from demo.stack.report import Budget
from demo.stack.signs import CONSEQUENCES, SIGNS, alerts_of
from demo.stack.truth import Truth
from exporters import catalog

ON_THE_WAY = ("starting", "draining")
"""True states of a group that is not up for a while on purpose."""
SEEN_ON_THE_WAY = (*ON_THE_WAY, "dead")
"""What may be seen of it: an engine that loads its weights answers 503, as a dead one would."""
LONGEST_PLACE = 100
"""Characters: a rack has many hosts."""

_NOTHING = "nothing"
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One thing, as it is and as the stack says it is."""

    about: str
    """``budget``, ``group``, ``gpu``, ``fault`` or ``alert``."""
    name: str
    truth: str
    stack: str
    deviation: float | None = 0.0
    """In multiples of what is allowed; None for words that differ."""
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    """Of a budget: what ``truth`` and ``stack`` say, for programs."""

    @property
    def agrees(self) -> bool:
        """Whether the difference, if there is one, is small enough."""
        return self.deviation is not None and self.deviation <= 1


@dataclass(frozen=True)
class Stack:
    """What the stack says at one moment."""

    budgets: Sequence[Budget]
    """True and measured events of each cell."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """State by name, as recorded in Prometheus."""
    gpus: Mapping[str, str] = field(default_factory=dict)
    """State by UUID."""
    causes: Sequence[Mapping[str, str]] = ()
    """Labels of the cause alerts that fire."""
    unreachable: Collection[str] = ()
    """UUIDs of GPUs whose host does not answer: their state cannot be told."""


def compare(truth: Truth, stack: Stack, groups: Sequence[str], gpus: Sequence[str]) -> list[Row]:
    """Return all that can be compared, the worst deviation last.

    Args:
        truth: of the engine.
        stack: read at the same time, or a little later.
        groups: names of all groups of the topology.
        gpus: UUIDs of all its GPUs.
    """
    rows = [
        *(_budget(each) for each in stack.budgets),
        *_states("group", groups, truth.groups, stack.groups, usual=catalog.GROUP_STATES[-1]),
        *_states(
            "gpu",
            gpus,
            truth.gpus,
            stack.gpus,
            usual=catalog.GPU_STATES[-1],
            unreachable=stack.unreachable,
        ),
        *_faults(truth, stack.causes),
        *_unexplained(truth, stack.causes),
    ]
    return sorted(rows, key=lambda each: (each.deviation is None, each.deviation or 0.0))


def to_json(rows: Sequence[Row]) -> str:
    """Return rows as JSON: ``agrees``, and ``rows`` in their order."""
    told = [{**asdict(each), "agrees": each.agrees} for each in rows]
    return json.dumps({"agrees": all(each.agrees for each in rows), "rows": told}, indent=2)


def to_table(rows: Sequence[Row]) -> str:
    """Return rows as a table for people, truth and stack side by side."""
    lines = [("", "", "in truth", "the stack says", "deviation")]
    lines += [
        ("=" if each.agrees else "≠", f"{each.about} {each.name}", each.truth, each.stack,
         "differs" if each.deviation is None else f"{each.deviation:.2f}")
        for each in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _budget(each: Budget) -> Row:
    cell = "/".join(each.labels.values())
    return Row(
        "budget",
        f"{each.slo} {cell}".strip(),
        _events(each.truth, each.total_truth, each.budget_events),
        _events(each.measured, each.total_measured, each.budget_events),
        each.deviation,
        {
            "bad_truth": each.truth,
            "bad_stack": each.measured,
            "total_truth": each.total_truth,
            "total_stack": each.total_measured,
            "budget_events": each.budget_events,
            "budget_error_ratio": each.budget_error_ratio,
        },
    )


def _events(bad: float, total: float, budget_events: float | None) -> str:
    ratio = f"{bad / total:.3%}" if total else "no traffic"
    spent = f", {bad / budget_events:.3%} of the budget" if budget_events else ""
    return f"{_count(bad)} bad of {_count(total)} ({ratio}){spent}"


def _count(events: float) -> str:
    """Return a number of events; few of them with their fraction, which the ratio has too.

    A rate over a window holds the last events in part only.
    """
    return f"{events:.0f}" if events >= 100 else f"{round(events, 2):g}"


def _states(
    about: str,
    names: Sequence[str],
    truth: Mapping[str, str],
    stack: Mapping[str, str],
    *,
    usual: str,
    unreachable: Collection[str] = (),
) -> Iterator[Row]:
    """Yield a row for each that is not as usual, and one for all others together."""
    others = 0
    for name in names:
        true, said = truth.get(name, usual), stack.get(name, _UNKNOWN)
        if true == said == usual:
            others += 1
        elif true != usual and name in unreachable:
            yield Row(about, name, true, f"{said}, for its host does not answer")
        elif true != said and true in ON_THE_WAY and said in SEEN_ON_THE_WAY:
            yield Row(about, name, true, f"{said}, as one that is {true} may look")
        else:
            yield Row(about, name, true, said, 0.0 if true == said else None)
    if others:
        yield Row(about, f"all {others} others" if others < len(names) else f"all {others}",
                  usual, usual)  # fmt: skip


def _faults(truth: Truth, causes: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    for fault in truth.faults:
        sign = SIGNS.get(fault.name)
        told = sorted({_name(each) for each in alerts_of(fault, causes)})
        is_missed = sign is not None and sign.is_due(fault, truth.time) and not told
        seconds = truth.time - fault.since
        said = f"{_NOTHING} yet" if sign else f"{_NOTHING}: no alert of a cause knows this fault"
        yield Row(
            "fault",
            fault.name,
            f"{_shorten(', '.join(f'{k} {v}' for k, v in fault.place.items()))} "
            f"for {seconds:.0f} s",
            ", ".join(told) or (f"{_NOTHING}" if is_missed else said),
            None if is_missed else 0.0,
        )


def _unexplained(truth: Truth, causes: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    """Yield the alerts of causes that no fault explains, nor a group that is not up."""
    explained = [each for fault in truth.faults for each in alerts_of(fault, causes)]
    for alert in causes:
        if alert["alertname"] in CONSEQUENCES or alert in explained:
            continue
        if alert.get(catalog.GROUP) not in truth.groups:
            yield Row("alert", _name(alert), _NOTHING, "fires", None)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_PLACE else f"{text[:LONGEST_PLACE]}..."


def _name(alert: Mapping[str, str]) -> str:
    labels = (catalog.GROUP, catalog.HOST, catalog.REGION, catalog.TOOL)
    where = [alert[label] for label in labels if label in alert]
    return " ".join((alert["alertname"], *where))
