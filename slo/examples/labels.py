"""Labels that some selectors choose and others do not: one example, found by trying."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import promql_parser

from slo.examples.patterns import compile_pattern, texts_matching

MOST_TRIES = 50_000
"""Sets of labels that are tried before it is given up."""
_OTHERS = ("ok", "other", "0", "")
"""What a label may be that no matcher wants; empty is a label that is not there."""

Selector = promql_parser.VectorSelector


def example_labels(
    chosen_by: Sequence[Selector],
    not_chosen_by: Sequence[Selector] = (),
    wanted: Mapping[str, str] | None = None,
) -> dict[str, str] | None:
    """Return labels, ``__name__`` among them, that each of the first selectors chooses.

    None if they contradict each other, or none was found.

    Args:
        chosen_by: at least one, with a name.
        not_chosen_by: none of these chooses the labels.
        wanted: what labels have unless a matcher forbids it.
    """
    names = {each.name for each in chosen_by}
    if len(names) != 1 or None in names:
        return None
    (name,) = names
    rivals = [each for each in not_chosen_by if each.name in (None, name)]
    matchers = [m for each in (*chosen_by, *rivals) for m in each.matchers.matchers]
    candidates = {
        label: _candidates([m for m in matchers if m.name == label], wanted or {}, label)
        for label in dict.fromkeys([*(wanted or {}), *(m.name for m in matchers)])
    }
    # What one selector alone can say of a label, it says before all are put together.
    strict = [m for each in chosen_by for m in each.matchers.matchers]
    for matcher in strict:
        candidates[matcher.name] = [v for v in candidates[matcher.name] if matches(matcher, v)]
    for values in itertools.islice(itertools.product(*candidates.values()), MOST_TRIES):
        labels = dict(zip(candidates, values, strict=True))
        if not any(_chooses(each, labels) for each in rivals):
            return {"__name__": str(name), **{k: v for k, v in labels.items() if v}}
    return None


def chooses(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Tell whether a selector chooses a series."""
    return selector.name in (None, labels["__name__"]) and _chooses(selector, labels)


def matches(matcher: promql_parser.Matcher, value: str) -> bool:
    """Tell whether a matcher takes a label's value; empty where there is no label."""
    if matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        return bool((matcher.value == value) == (matcher.op == promql_parser.MatchOp.Equal))
    expression = compile_pattern(matcher.value)
    if expression is None:
        return False
    found = expression.fullmatch(value) is not None
    return bool(found == (matcher.op == promql_parser.MatchOp.Re))


def series_text(labels: Mapping[str, str]) -> str:
    """Return a series as promtool reads it: ``requests_total{outcome="ok"}``."""
    inside = ",".join(
        f"{name}={_quoted(value)}" for name, value in sorted(labels.items()) if name != "__name__"
    )
    return f"{labels['__name__']}{{{inside}}}"


def _chooses(selector: Selector, labels: Mapping[str, str]) -> bool:
    return all(matches(each, labels.get(each.name, "")) for each in selector.matchers.matchers)


def _candidates(
    matchers: Iterable[promql_parser.Matcher], wanted: Mapping[str, str], label: str
) -> list[str]:
    listed = list(matchers)
    found = [wanted[label]] if label in wanted else []
    for op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re):
        for each in listed:
            if each.op == op:
                is_text = op == promql_parser.MatchOp.Equal
                found += [each.value] if is_text else texts_matching(each.value)
    for each in listed:
        if each.op == promql_parser.MatchOp.NotRe:
            found += texts_matching(each.value)
        elif each.op == promql_parser.MatchOp.NotEqual:
            found.append(each.value)
    return list(dict.fromkeys([*found, *_OTHERS]))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
