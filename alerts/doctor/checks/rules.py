"""The rules that a server has loaded against those that ``build`` writes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import cache

import promql_parser

from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Group, Rule, Seen
from exporters.durations import format_duration
from slo.promql_text import write_promql, write_selector

OURS = re.compile(r"(?:slo|shardwatch)-.+")
_GROUPS = '{rule_group=~".*;(shardwatch|slo)-.+"}[5m]'
MISSED = (
    f"increase(prometheus_rule_group_iterations_missed_total{_GROUPS})"
    f" > 0.1 * increase(prometheus_rule_group_iterations_total{_GROUPS})"
)
"""More than one in ten. Chosen: a server that was busy for a moment is not late."""
INTERVALS_WAITED = 4
"""After so many without an evaluation a group hangs."""

_Content = tuple[str, bool, str, frozenset[tuple[str, str]], frozenset[tuple[str, str]], float]


def find_not_loaded(seen: Seen) -> Iterator[Found]:
    """Yield the files that are built and of which the server has no group."""
    for file, groups in _by_file(seen.built).items():
        if not any(_loaded_as(seen, group) for group in groups):
            count = sum(len(group.rules) for group in groups)
            yield Found(
                file,
                f"none of its {count} rules is loaded at {seen.url}",
                "all of them",
                "put it where rule_files of prometheus.yml finds it, and reload Prometheus "
                f"(SIGHUP, or curl -X POST {seen.url}/-/reload)",
            )


def find_other_build(seen: Seen) -> Iterator[Found]:
    """Yield the files of which another build is loaded."""
    for file, groups in _by_file(seen.built).items():
        pairs = [(group, _loaded_as(seen, group)) for group in groups]
        loaded = [one for _, those in pairs for one in those]
        if not loaded:
            continue
        wanted = Counter(_content(rule) for group in groups for rule in group.rules)
        there = Counter(_content(rule) for group in loaded for rule in group.rules)
        missing, extra = wanted - there, there - wanted
        slower = [
            f"{group.name} every {format_duration(one.interval_seconds)}"
            for group, those in pairs
            for one in those
            if one.interval_seconds != group.interval_seconds
        ]
        if not (missing or slower) and not _is_new(extra, wanted):
            continue
        what = [
            *([f"{sum(missing.values())} of its {sum(wanted.values())} rules"] if missing else []),
            *([f"{sum(extra.values())} that it does not have"] if extra else []),
        ]
        yield Found(
            file,
            f"another build of it is loaded at {seen.url}: it differs in "
            f"{' and '.join(what) or 'intervals'}"
            + (f", such as {listed(_name(each) for each in missing or extra)}" if what else "")
            + (f"; it evaluates {listed(slower)}" if slower else ""),
            "what `shardwatch build` writes now",
            "copy the file that `shardwatch build` writes over the one that is loaded, and reload "
            f"Prometheus (SIGHUP, or curl -X POST {seen.url}/-/reload)",
        )


def find_twice(seen: Seen) -> Iterator[Found]:
    """Yield the groups that are loaded from two files: what they record are duplicates."""
    names: dict[str, list[Group]] = defaultdict(list)
    for group in seen.groups or ():
        if OURS.fullmatch(group.name):
            names[group.name].append(group)
    for name, those in names.items():
        if len(those) > 1:
            yield Found(
                name,
                f"is loaded {len(those)} times: from {listed(each.file for each in those)}",
                "once",
                "remove the older of the files from where rule_files finds it, and reload "
                "Prometheus",
            )


def find_left_over(seen: Seen) -> Iterator[Found]:
    """Yield groups with names of ours that are not built any more."""
    built = {each.name for each in seen.built}
    left = [
        each
        for each in seen.groups or ()
        if OURS.fullmatch(each.name) and not any(_is_of(each.name, name, built) for name in built)
    ]
    if left:
        yield Found(
            seen.url,
            f"has groups that are not built any more: {listed(each.name for each in left)}",
            "those of what is built",
            f"remove {listed(each.file for each in left)}, and reload Prometheus; or add the "
            f"objective to {seen.config.path.name}",
        )


def find_failing(seen: Seen) -> Iterator[Found]:
    """Yield rules of ours whose last evaluation ended in an error."""
    for group in seen.groups or ():
        wrong = [each for each in group.rules if each.error]
        if OURS.fullmatch(group.name) and wrong:
            yield Found(
                f"{group.file}: {group.name}",
                f"{len(wrong)} of {len(group.rules)} rules fail: "
                f"{listed(each.name for each in wrong)}: {wrong[0].error}",
                "evaluations without an error",
                "correct what the error names: series that are there twice, or a query that is "
                "too large; what these rules record is missing, and their alerts do not fire",
            )


def find_late(seen: Seen) -> Iterator[Found]:
    """Yield groups of ours that take longer than their interval, or have stopped."""
    server_now = seen.now + (seen.ahead_seconds or 0.0)
    missed = {
        each.labels.get("rule_group", "").rpartition(";")[2]: each.value
        for each in seen.vector(MISSED)
    }
    for group in seen.groups or ():
        if not OURS.fullmatch(group.name):
            continue
        ago = None if group.evaluated_at is None else server_now - group.evaluated_at
        if group.took_seconds > group.interval_seconds:
            what = f"takes {group.took_seconds:.1f} s of {group.interval_seconds:g} s"
        elif ago is not None and ago > INTERVALS_WAITED * group.interval_seconds + 1:
            what = f"was last evaluated {ago:.0f} s ago"
        elif missed.get(group.name):
            what = f"has missed about {missed[group.name]:.0f} evaluations within 5 minutes"
        else:
            continue
        yield Found(
            f"{group.file}: {group.name}",
            what,
            f"an evaluation every {format_duration(group.interval_seconds)}",
            "give Prometheus more CPU, stop boards and queries over weeks that burden it, or move "
            "objectives to another server",
        )


def _by_file(groups: tuple[Group, ...]) -> dict[str, list[Group]]:
    found: dict[str, list[Group]] = defaultdict(list)
    for each in groups:
        found[each.file].append(each)
    return found


def _loaded_as(seen: Seen, group: Group) -> list[Group]:
    """Return what is loaded of a group: one, or the parts that a limit of rules made of it."""
    built = {each.name for each in seen.built}
    return [each for each in seen.groups or () if _is_of(each.name, group.name, built)]


def _is_of(loaded: str, name: str, built: Collection[str]) -> bool:
    """Tell whether a loaded group is one of those that are built, or a numbered part of it.

    What is built under that very name is itself: an objective may be called ``chat-99`` and another
    one ``chat-99-5``.
    """
    if loaded in built:
        return loaded == name
    return re.fullmatch(re.escape(name) + r"-\d+", loaded) is not None


def _is_new(extra: Counter[_Content], wanted: Counter[_Content]) -> bool:
    """Whether there is more than what is wanted, loaded another time."""
    return any(each not in wanted for each in extra)


def _content(rule: Rule) -> _Content:
    return (
        rule.name,
        rule.is_alert,
        _plain(rule.expr),
        frozenset(rule.labels.items()),
        frozenset(rule.annotations.items()),
        rule.for_seconds,
    )


@cache
def _plain(expr: str) -> str:
    """Return an expression however it was written, as Prometheus's own printing of it."""
    try:
        written = write_promql(promql_parser.parse(expr), _with_sorted_matchers)
    except ValueError:
        return " ".join(expr.split())
    # Prometheus leaves out that all is one.
    return written.replace(" by () (", "(")


def _with_sorted_matchers(node: promql_parser.Expr) -> str | None:
    """Return a selector with its matchers in order, which Prometheus's own printing changes."""
    selector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
    if not isinstance(selector, promql_parser.VectorSelector):
        return None
    name, matchers = selector.name or "", selector.matchers.matchers
    ordered = sorted(matchers, key=lambda each: (each.name, str(each.op), each.value))
    after = write_promql(node).removeprefix(write_selector(name, matchers))
    return write_selector(name, ordered) + after


def _name(content: _Content) -> str:
    labels = {name: text for name, text in content[3] if name in ("slo", "window", "burn_tier")}
    inside = ", ".join(f"{name}={text}" for name, text in sorted(labels.items()))
    return f"{content[0]} ({inside})" if inside else content[0]


CHECKS = (
    Check("rules/not-loaded", Harm.RULES_MISSING, "A rule file that is built and of which the "
          "server has nothing.", find_not_loaded, needs=("groups",)),
    Check("rules/failing", Harm.RULES_MISSING, "Rules of ours whose evaluation ends in an error.",
          find_failing, needs=("groups",)),
    Check("rules/other-build", Harm.RULES_MISSING, "Another build than what `build` writes is "
          "loaded.", find_other_build, needs=("groups",)),
    Check("rules/twice", Harm.WRONG_DATA, "A group of ours is loaded from two files.", find_twice,
          needs=("groups",)),
    Check("rules/late", Harm.LATE, "A group of ours takes longer than its interval, misses "
          "evaluations, or has stopped.", find_late, lambda _: [MISSED], needs=("groups",)),
    Check("rules/left-over", Harm.UNTIDY, "Groups of ours that are not built any more.",
          find_left_over, needs=("groups",)),
)  # fmt: skip
