"""Which cause a page names: the most probable of those at work in its cell, and since when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from alerts.causes.cause import Cause
from alerts.templates import matchers
from exporters.durations import format_duration
from slo import conventions
from slo.objective import Objective

SINCE_UNKNOWN = "unknown"
ENDED_WITHIN = "30m"
"""A cause that ended this long ago or less is still named, where none is at work: the short window
of the slower page tier, which may fire that long after its events have stopped going bad."""
IF_IT_COMES_BACK = "it is over: see that users are well again; if it comes back, "
"""Said before what is to be done about such a cause first: what it would take down is well now."""
ENDED = f"; not now, but within the last {ENDED_WITHIN}"
"""Said after the evidence of such a cause."""
_LOOKED_AT = "15s"
"""How finely it is seen when such a cause began."""
_ENDED_FACTOR = 1000
"""What the rank of a cause that has ended is divided by: it comes after each that is at work."""


@dataclass(frozen=True)
class ProbableCause:
    """The highest-ranked cause at work in an alert's cell, or else of those that ended lately.

    One that ended is not named where what brings it about had begun before it: groups are slow
    because their cell's queue snowballs, and may stay so for longer than it.
    """

    causes: tuple[Cause, ...]
    at_work: tuple[tuple[str, tuple[str, ...]], ...]
    """Selectors of those at work in the cell, each with the labels of the alert for whose values
    ``%q`` stands, in order."""
    ended: tuple[tuple[str, tuple[str, ...]], ...]
    """Likewise, PromQL of those that were lately, by ranks below 1."""

    @property
    def looked_for(self) -> str:
        """Return PromQL of all at work, and of those that ended lately, by rank."""
        return _any_of((*self.at_work, *self.ended))

    @property
    def looked_for_labels(self) -> tuple[str, ...]:
        """Return which label values it has, in order."""
        return _labels_of((*self.at_work, *self.ended))

    def told_by(self, tell: Callable[[Cause], str], otherwise: str, *, named: bool) -> str:
        """Return a template of what is to be said of it, and of what, if there is none.

        Args:
            tell: gives a cause's template, ``.Labels`` those of its state.
            otherwise: template for none.
            named: whether its name and the number of its other pieces of evidence stand beside it.
        """
        branches: dict[tuple[str, ...], str] = {(each.name,): tell(each) for each in self.causes}
        if not named:
            return self._of_the_first(branches, otherwise, _if_ended(IF_IT_COMES_BACK))
        before = f"{{{{ .Labels.{conventions.CAUSE} }}}}: "
        return self._of_the_first(branches, otherwise, before, self._more() + _if_ended(ENDED))

    def since(self) -> str:
        """Return a template of since when it is at work: since its alert is active, or pending."""
        names: dict[tuple[str, ...], tuple[str, ...]] = {}
        for each in self.causes:
            names[each.labels] = (*names.get(each.labels, ()), each.name)
        return self._of_the_first(
            {each: _active_since(labels) for labels, each in names.items()}, SINCE_UNKNOWN
        )

    def _of_the_first(
        self,
        branches: Mapping[tuple[str, ...], str],
        otherwise: str,
        before: str = "",
        after: str = "",
    ) -> str:
        """Return a template of what is said of the first cause, by its name, or of none."""
        if not branches:
            return otherwise
        first, values = f"`topk(1, {self.looked_for})`", _values(self.looked_for_labels)
        found = f"printf {first}{values} | query" if values else f"query {first}"
        chosen = "{{ else ".join(
            f"if eq .Labels.{conventions.CAUSE} {' '.join(map(_quoted, names))} }}}}{said}"
            for names, said in branches.items()
        )
        return (
            f"{{{{ with {found} }}}}{{{{ with first . }}}}{before}{{{{ {chosen}{{{{ end }}}}"
            f"{after}{{{{ end }}}}{{{{ else }}}}{otherwise}{{{{ end }}}}"
        )

    def _more(self) -> str:
        """Return a template of how much more evidence is at work of the same cause."""
        same = f"and on ({conventions.CAUSE}) {conventions.CAUSE_STATE}{{{conventions.CAUSE}=%q}}"
        others = f"count(({_any_of(self.at_work)}) {same}) - 1 > 0"
        values = f"{_values(_labels_of(self.at_work))} .Labels.{conventions.CAUSE}"
        return (
            f"{{{{ with printf `{others}`{values} | query }}}}"
            " and {{ . | first | value }} more{{ end }}"
        )


def probable_cause(objective: Objective, causes: Sequence[Cause]) -> ProbableCause:
    """Return how the cause of an objective's burn is found.

    Args:
        objective: whose cells.
        causes: those that can explain it.
    """
    by_labels = _by_labels(objective, causes)
    at_work = tuple((_selector(labels, names), labels) for labels, names in by_labels.items())
    ended = tuple(
        _ended(objective, [each for each in causes if each.name in names], labels, causes)
        for labels, names in by_labels.items()
    )
    return ProbableCause(tuple(causes), at_work, ended)


def _any_of(asked: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    return " or ".join(each for each, _ in asked)


def _labels_of(asked: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    return tuple(label for _, labels in asked for label in labels)


def _ended(
    objective: Objective,
    mine: Sequence[Cause],
    labels: tuple[str, ...],
    every: Sequence[Cause],
) -> tuple[str, tuple[str, ...]]:
    """Return PromQL of those of some causes that ended lately, and its labels.

    Args:
        objective: whose cells.
        mine: the causes, whose states have the same of the objective's labels.
        labels: which.
        every: all that can explain the burn, also what brings these about.
    """
    selector = _selector(labels, [each.name for each in mine])
    expr, found = f"last_over_time({selector}[{ENDED_WITHIN}]) / {_ENDED_FACTOR}", [*labels]
    for each in mine:
        for before, names in _by_labels(
            objective, [other for other in every if other.name in each.follows]
        ).items():
            effect, cause = _began(_selector(labels, [each.name])), _began(_selector(before, names))
            expr += f" unless {effect} > on () group_left () min({cause})"
            found += (*labels, *before)
    return expr, tuple(found)


def _began(selector: str) -> str:
    """Return PromQL of when states began within the time in which ended ones are named."""
    return f"min_over_time(timestamp({selector})[{ENDED_WITHIN}:{_LOOKED_AT}])"


def _selector(labels: Sequence[str], names: Sequence[str]) -> str:
    return f"{conventions.CAUSE_STATE}{{{matchers({}, labels, cause=_one_of(names))}}}"


def once_causes_can_be_told(
    state: str, objective: Objective, causes: Sequence[Cause], scrape_interval_seconds: float
) -> str:
    """Return PromQL of where an alert fires: at once with a cause, else one evaluation later.

    Prometheus evaluates each group at a moment of its own within the interval, and causes may be
    recorded up to an interval after the burn that they explain, of the same scrapes. Alertmanager
    tells a page as it first heard of it.

    Args:
        state: selector of what is recorded of the alert, 1 where it should fire.
        objective: whose cells.
        causes: those that can explain it.
        scrape_interval_seconds: at which both groups are evaluated.
    """
    if not causes:
        return f"{state} == 1"
    explained = (
        f"{state} and on ({', '.join(labels)})\n"
        f"{conventions.CAUSE_STATE}{{{conventions.CAUSE}{_one_of(names)}}}"
        for labels, names in _by_labels(objective, causes).items()
    )
    before = f"{state} offset {format_duration(scrape_interval_seconds)} == 1"
    return f"{state} == 1\nand (\n" + "\nor\n".join((before, *explained)) + "\n)"


def _by_labels(
    objective: Objective, causes: Sequence[Cause]
) -> Mapping[tuple[str, ...], Sequence[str]]:
    """Return the names of causes by those of the objective's labels that their states have."""
    found: dict[tuple[str, ...], list[str]] = {}
    for each in causes:
        labels = tuple(label for label in objective.grouping_labels if label in each.state_labels)
        found.setdefault(labels, []).append(each.name)
    return found


def _active_since(labels: Sequence[str]) -> str:
    """Return a template of when a cause's alert became active; ``.Labels`` are its state's."""
    chosen = ",".join(f"{each}=%q" for each in (conventions.ALERTNAME, *labels))
    values = "".join(f" .Labels.{each}" for each in (conventions.CAUSE, *labels))
    return (
        f"{{{{ with printf `last_over_time(ALERTS_FOR_STATE{{{chosen}}}[{ENDED_WITHIN}])`{values}"
        " | query }}"
        '{{ . | first | value | humanizeTimestamp | reReplaceAll " [+]0000" "" }}'
        f"{{{{ else }}}}{SINCE_UNKNOWN}{{{{ end }}}}"
    )


def _if_ended(said: str) -> str:
    """Return a template of what is said of a cause that has ended alone."""
    return f"{{{{ if lt (value .) 1.0 }}}}{said}{{{{ end }}}}"


def _values(labels: Sequence[str]) -> str:
    """Return the alert's values of labels, as arguments in a template."""
    return "".join(f" $labels.{label}" for label in labels)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _one_of(names: Sequence[str]) -> str:
    """Return the operator and value of a matcher of some causes."""
    return f'=~"{"|".join(names)}"' if len(names) > 1 else f'="{names[0]}"'
