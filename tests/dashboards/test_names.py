"""No board and no rule of ours asks for a series or a label that nobody serves or records."""

from collections.abc import Iterator
from dataclasses import dataclass
from string import Template

import promql_parser
import pytest
import yaml

from alerts.build import build as alerts_build
from alerts.causes.cause import cause_levels
from alerts.causes.every import causes
from alerts.cells import cells_group
from dashboards.asking import EVERYTHING, panel_queries
from dashboards.build import build as dashboards_build
from exporters import catalog
from slo import conventions
from slo.promql import nodes, selectors

CELL = frozenset(catalog.CELL_LABELS)
OBJECTIVE = frozenset(("slo", "service"))
OBJECTIVE_CELL = OBJECTIVE | {"region", "model", "tool", "tier"}
"""The library's objectives are grouped by region and model, a few by tool or tier too."""

ALERT_LABELS = OBJECTIVE_CELL | {"alertname", "alertstate", "severity", "group", "host"}

PLACE = frozenset(("cluster", "region"))
REVISION = CELL | {"reason", "revision"}

RECORDED: dict[str, frozenset[str]] = {
    conventions.EVENTS_BAD_RATE: OBJECTIVE_CELL,
    conventions.EVENTS_RATE: OBJECTIVE_CELL,
    conventions.EVENTS_BAD_COUNT: OBJECTIVE_CELL | {"window"},
    conventions.EVENTS_COUNT: OBJECTIVE_CELL | {"window"},
    conventions.COVERAGE: OBJECTIVE_CELL | {"window"},
    conventions.BURN_RATE: OBJECTIVE_CELL | {"window"},
    conventions.BUDGET_REMAINING: OBJECTIVE_CELL,
    conventions.OBJECTIVE: OBJECTIVE,
    conventions.PERIOD: OBJECTIVE,
    conventions.VANISHED_STATE: OBJECTIVE_CELL,
    conventions.BLIND_STATE: OBJECTIVE_CELL,
    conventions.CAUSE_STATE: CELL | {"cause", "reason", "revision", "tier", "tool"},
    conventions.CELL_REQUESTS_RATE: CELL | {"outcome"},
    conventions.CELL_ERROR_RATIO: CELL,
    conventions.CELL_TTFT: CELL | {"quantile"},
    conventions.CELL_TTFT_BUCKETS: CELL | {"le"},
    conventions.CELL_DURATION_BUCKETS: CELL | {"le"},
    conventions.CELL_PACE_BUCKETS: CELL | {"le"},
    conventions.CELL_PHASE_SECONDS: CELL | {"of"},
    conventions.CELL_PHASE_REQUESTS: CELL | {"of"},
    conventions.CELL_LOOKED_UP_RATE: CELL,
    conventions.CELL_HIT_RATE: CELL | {"cache_tier"},
    conventions.CELL_MISSED_RATE: CELL,
    conventions.CELL_MISSED_GPUS: CELL,
    conventions.CELL_PREEMPTIONS_RATE: CELL,
    conventions.CELL_GROUPS_DISAGREEING: CELL,
    conventions.CELL_IN_FLIGHT: CELL,
    conventions.CELL_GROUPS: CELL | {"state"},
    conventions.CELL_CAPACITY: CELL,
    conventions.CELL_GPUS_EXPECTED: CELL,
    conventions.CELL_GPUS_MISSING: CELL,
    conventions.CELL_GPUS: CELL | {"state"},
    conventions.CELL_GPUS_BY_TEMPERATURE: CELL | {"band"},
    conventions.CELL_GPU_POWER: CELL,
    conventions.CELL_REVISION_GROUPS: CELL | {"revision"},
    conventions.CELL_REVISIONS: CELL,
    conventions.CELL_GROUPS_KNOWN: CELL,
    conventions.CELL_GROUPS_SERVING: CELL,
    conventions.CELL_GROUPS_NEEDED: CELL,
    conventions.CELL_GROUPS_BUSY: CELL,
    conventions.CELL_KV_CACHES_IN_USE: CELL,
    conventions.DRIVER_HOSTS: CELL | {"failure_domain", "version"},
    conventions.CELL_WAITING: CELL,
    conventions.CELL_KV_CACHE_USAGE: CELL,
    conventions.CELL_PREFIX_HIT_RATIO: CELL,
    conventions.CELL_TOKENS_RATE: CELL | {"phase"},
    conventions.CELL_TOOL_CALLS_RATE: CELL | {"tool", "outcome"},
    conventions.CELL_TOOL_SUCCESS_RATIO: CELL | {"tool"},
    conventions.CELL_CACHE_HIT_RATIO: CELL,
    conventions.CELL_GROUPS_DOWN: CELL,
    conventions.REGION_REQUESTS: PLACE,
    conventions.GROUP_DRAIN_DEADLINE: CELL | {"group"},
    conventions.USUAL: CELL | {"of"},
    conventions.QUEUE_ATTEMPTS_RATE: CELL | {"attempt"},
    conventions.QUEUE_AMPLIFICATION: CELL,
    conventions.QUEUE_DRAIN: CELL,
    conventions.QUEUE_REFUSED: CELL,
    conventions.QUEUE_SIGNAL: CELL | {"signal"},
    conventions.TIER_REQUESTS_RATE: CELL | {"tier"},
    conventions.TIER_LIMITED_RATE: CELL | {"tier"},
    conventions.TIER_REQUESTS_USUAL: CELL | {"tier"},
    conventions.TIER_LIMITED_USUAL: CELL | {"tier"},
    conventions.TOOL_CALLS_WITHIN_COUNT: PLACE | {"tool", "le"},
    conventions.TOOL_CALLS_WITHIN: PLACE | {"tool", "le"},
    conventions.TOOL_CALLS_SLOWER: PLACE | {"tool"},
    conventions.TOOL_CALLS_PER_REQUEST: CELL,
    conventions.REVISION_EVENTS: REVISION,
    conventions.REVISION_BAD_EVENTS: REVISION,
    conventions.OTHER_REVISIONS_EVENTS: REVISION,
    conventions.OTHER_REVISIONS_BAD_EVENTS: REVISION,
    conventions.REVISION_WORSE: REVISION,
    conventions.SERVED_TOKENS_RATE: CELL | {"phase"},
    conventions.BILLED_TOKENS_RATE: CELL | {"phase"},
    conventions.BILLED_RATIO: CELL | {"phase"},
    conventions.CELL_SEEN: CELL | {"phase"},
    "ALERTS": ALERT_LABELS,
    "ALERTS_FOR_STATE": ALERT_LABELS - {"alertstate"},
}

OF_SCRAPE = frozenset(("job", "instance"))
OF_RULES = OF_SCRAPE | {"rule_group"}
OF_RECEIVER = OF_SCRAPE | {"integration"}
SERVED_BY_SERVERS: dict[str, frozenset[str]] = {
    "up": OF_SCRAPE,
    "scrape_duration_seconds": OF_SCRAPE,
    "scrape_samples_scraped": OF_SCRAPE,
    "prometheus_target_interval_length_seconds": OF_SCRAPE | {"interval", "quantile"},
    "prometheus_rule_group_last_duration_seconds": OF_RULES,
    "prometheus_rule_group_interval_seconds": OF_RULES,
    "prometheus_rule_group_last_evaluation_timestamp_seconds": OF_RULES,
    "prometheus_rule_group_iterations_missed_total": OF_RULES,
    "prometheus_rule_evaluation_failures_total": OF_RULES,
    "prometheus_tsdb_head_series": OF_SCRAPE,
    "prometheus_tsdb_lowest_timestamp_seconds": OF_SCRAPE,
    "prometheus_notifications_queue_length": OF_SCRAPE,
    "prometheus_notifications_dropped_total": OF_SCRAPE,
    "prometheus_notifications_errors_total": OF_SCRAPE | {"alertmanager"},
    "prometheus_notifications_alertmanagers_discovered": OF_SCRAPE,
    "alertmanager_notifications_total": OF_RECEIVER,
    "alertmanager_notifications_failed_total": OF_RECEIVER,
    "alertmanager_notification_latency_seconds_bucket": OF_RECEIVER | {"le"},
}
"""Series that Prometheus and Alertmanager serve of themselves, with the labels that are read.
Names are those that 2.42 and 0.25 serve (Prometheus: scrape/target.go, rules/group.go,
notifier/notifier.go; Alertmanager: notify/notify.go)."""


@dataclass(frozen=True)
class Selection:
    """One selector of an expression: its series, and the labels that it matches."""

    series: str
    labels: frozenset[str]


def selections(expr: str) -> list[Selection]:
    """Return every selector of an expression; fails on what is no PromQL."""
    return [
        Selection(node.name, frozenset(each.name for each in node.matchers.matchers))
        for node in selectors(expr)
    ]


def grouping(expr: str) -> Iterator[tuple[frozenset[str], list[str]]]:
    """Give the labels of each ``by``, and all series within it.

    Without the label that ``count_values`` makes, which it may name there.
    """
    for node in nodes(promql_parser.parse(expr)):
        if (
            isinstance(node, promql_parser.AggregateExpr)
            and node.modifier is not None
            and node.modifier.type == promql_parser.AggModifierType.By
        ):
            within = [
                each.name
                for each in nodes(node.expr)
                if isinstance(each, promql_parser.VectorSelector)
            ]
            made = {node.param.val} if str(node.op) == "count_values" else set()
            yield frozenset(node.modifier.labels) - made, within


def labels_of(series: str) -> frozenset[str] | None:
    """Return the labels that a series carries; None if nobody serves or records it."""
    if series in RECORDED:
        return RECORDED[series]
    if series in SERVED_BY_SERVERS:
        return SERVED_BY_SERVERS[series]
    if series in catalog.FAMILIES and catalog.FAMILIES[series].kind != "histogram":
        # An exporter's own process is told by who scraped it.
        return frozenset(catalog.FAMILIES[series].labels) or OF_SCRAPE
    for suffix, added in (("_bucket", {"le"}), ("_sum", set()), ("_count", set())):
        family = catalog.FAMILIES.get(series.removesuffix(suffix))
        if series.endswith(suffix) and family is not None and family.kind == "histogram":
            return frozenset(family.labels) | added
    return None


def complaints(expr: str) -> list[str]:
    """Return what an expression asks for that does not exist."""
    found = []
    for each in selections(expr):
        known = labels_of(each.series)
        if known is None:
            found.append(f"nobody serves {each.series}")
        else:
            found += [f"{each.series} has no label {label}" for label in each.labels - known]
    for labels, within in grouping(expr):
        # Of several that are joined, one need have it.
        carried = frozenset().union(*(labels_of(each) or set() for each in within))
        found += [f"{each} has no label {label}" for label in labels - carried for each in within]
    return found


def test_every_query_of_a_panel_asks_for_what_exists(boards):
    """Each selector names a series of the catalogue or of the conventions, and its labels."""
    found = {
        (query.board, query.panel, query.ref): complaints(query.expr)
        for board in boards
        for query in panel_queries(board, EVERYTHING)
    }
    assert {key: [] for key in found} == found


def test_every_recorded_series_of_a_board_is_recorded_by_the_built_rules(boards, config):
    """With that label ``window``, where a query asks for one."""
    files = {**alerts_build(config), **dashboards_build(config)}
    rules = [
        rule
        for path, text in files.items()
        if path.startswith("rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    recorded = {(rule["record"], rule.get("labels", {}).get("window")) for rule in rules}
    recorded |= {(name, None) for name, _ in recorded}
    asked = {
        (each.name, window_of(each))
        for board in boards
        for query in panel_queries(board, EVERYTHING)
        for each in selectors(query.expr)
        if ":" in each.name
    }
    assert set() == asked - recorded


def window_of(selector: promql_parser.VectorSelector) -> str | None:
    """Return the one window that a selector asks for."""
    windows = [
        each.value
        for each in selector.matchers.matchers
        if each.name == "window" and each.op == promql_parser.MatchOp.Equal
    ]
    return windows[0] if windows else None


def test_every_annotation_asks_for_what_exists(boards):
    """The alerts on the graphs are Prometheus's own series."""
    exprs = [each["target"]["expr"] for board in boards for each in board["annotations"]["list"]]
    assert [[] for _ in exprs] == [
        complaints(Template(expr).substitute(EVERYTHING)) for expr in exprs
    ]


def test_every_variable_offers_the_values_of_a_label_that_exists(boards):
    """``label_values(series{...}, label)``: the series carries the label, and is selected so.

    ``query_result(expression)`` asks for what exists as well.
    """
    queries = {
        each["definition"]
        for board in boards
        for each in board["templating"]["list"]
        if each["type"] == "query"
    }
    found = []
    for query in queries:
        if query.startswith("query_result("):
            found += complaints(query.removeprefix("query_result(").removesuffix(")"))
            continue
        selector, _, label = query.removeprefix("label_values(").removesuffix(")").rpartition(", ")
        found += complaints(f"group by ({label}) ({selector})")
    assert [] == found


def test_every_rule_of_the_cells_asks_for_what_exists():
    """Families of the catalogue, and series that the same group records before."""
    rules = cells_group(5).rules
    assert [[] for _ in rules] == [complaints(rule.expr) for rule in rules]


def test_every_recorded_series_of_a_cell_is_recorded():
    """Every name that the conventions give to cells has a rule."""
    named = {value for name, value in vars(conventions).items() if name.startswith("CELL_")}
    levels = {rule.record for rule in cause_levels(causes(5))}
    assert named == {rule.record for rule in cells_group(5).rules} | (named & levels)


def test_a_rule_reads_recorded_series_only_after_they_are_recorded():
    """A group's rules run one after the other; one that came too early would read old values."""
    recorded: set[str] = set()
    too_early = []
    for rule in cells_group(5).rules:
        read = {each.series for each in selections(rule.expr)} & conventions_of_cells()
        too_early += sorted(read - recorded)
        recorded.add(rule.record)
    assert [] == too_early


def conventions_of_cells() -> set[str]:
    """Return the names of the cells' recorded series."""
    return {value for name, value in vars(conventions).items() if name.startswith("CELL_")}


@pytest.mark.parametrize(
    ("expr", "expected"),
    {
        "a family of nobody's": ("vllm_gpu_cache", ["nobody serves vllm_gpu_cache"]),
        "a histogram without suffix": (
            catalog.TOOL_DURATION.name,
            [f"nobody serves {catalog.TOOL_DURATION.name}"],
        ),
        "a label that is not the family's": (
            'shardwatch_group_up{host="h"}',
            ["shardwatch_group_up has no label host"],
        ),
        "a grouping that loses all": (
            "sum by (tier) (shardwatch_group_up)",
            ["shardwatch_group_up has no label tier"],
        ),
    }.values(),
)
def test_the_check_sees(expr: str, expected: list[str]):
    """What is wrong is found: the tests above are not green for nothing."""
    assert expected == complaints(expr)
