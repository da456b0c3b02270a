"""``promql/series``, ``promql/recorded``, ``promql/renamed``, ``promql/unknown``."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from alerts.lint.families import (
    OF_SERVERS,
    OURS,
    find_series,
    instead_of,
    is_called_as_recorded,
    known_names,
)
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.labels import name_of
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.promql import OF_PROMETHEUS, selectors_in

NEARLY_EQUAL = 0.9
"""Two names are, of which one may be the other misspelt: difflib's ratio."""


_NOTHING = "nothing"
"""With this begins what there is in place of a name that is gone for good."""


def check_series(asking: Asking, rules: Rules) -> Iterator[Problem]:
    """Yield the series that an expression asks for and nobody has."""
    if asking.parsed.tree is None:
        return
    names = {name_of(each) for each in selectors_in(asking.parsed.tree)} - {None, *OF_PROMETHEUS}
    for name in sorted(each for each in names if each is not None):
        if name in rules.by_name:
            continue
        said = _wrong_with(name, rules)
        if said is not None:
            check, message, fix = said
            yield finding(asking, check, message, fix, in_expr(asking, name))


def _wrong_with(name: str, rules: Rules) -> tuple[str, str, str] | None:
    served = rules.setting.served
    if served is None:
        return _wrong_with_name(name, set(rules.by_name))
    if name in served:
        return None
    message = f"asks for {name}, of which the server has had no sample within an hour"
    return "promql/series", message, _choice(name, {*served, *rules.by_name})


def _wrong_with_name(name: str, recorded: set[str]) -> tuple[str, str, str] | None:
    instead = instead_of(name)
    if instead is not None:
        message = f"asks for {name}, which newer versions of vLLM do not serve"
        is_gone = instead.startswith(_NOTHING)
        why = instead.removeprefix(_NOTHING)
        return "promql/renamed", message, f"remove it{why}" if is_gone else f"take {instead}"
    if name in known_names() or find_series(name) is not None or name.startswith(OF_SERVERS):
        return None
    if name.startswith(OURS):
        message = f"asks for {name}, which nobody serves and no rule records"
        return "promql/series", message, _choice(name, {*known_names(), *recorded})
    if is_called_as_recorded(name):
        message = f"asks for {name}, which none of the rules given records"
        return "promql/recorded", message, _choice(name, recorded)
    fix = "ask the server that has it with --prometheus"
    close = get_close_matches(name, sorted(known_names()), n=1, cutoff=NEARLY_EQUAL)
    told = f"{fix}, or take {close[0]}" if close else fix
    return "promql/unknown", f"asks for {name}, which is unknown here", told


def _choice(name: str, known: set[str]) -> str:
    close = get_close_matches(name, sorted(known), n=3)
    if close:
        return f"take {close[0]}" if len(close) == 1 else f"take one of {', '.join(close)}"
    return "correct the name, or give the rules that record it, too"
