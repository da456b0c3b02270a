"""The recorded series of cells, so that boards and causes read a few series and not one a group.

A cell is a region's model in a cluster. Everything is summed before it is divided, never after:
an average of ratios would weigh an idle group like a busy one.
"""

from __future__ import annotations

from alerts.group_names import CELLS_GROUP
from exporters import catalog
from exporters.catalog import Family
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule, RuleGroup, base_window_seconds

BAD_OUTCOMES = ("error", "timeout", "rejected")
"""What users felt as a failure of the service. An abort is theirs, a rate limit is agreed."""
NOT_COUNTED = "rate_limited"
CANCELLED = "cancelled"
QUANTILES = ("0.5", "0.99")
FEWEST_PROMPT_TOKENS = 50_000
"""Looked up within the base window, below which no share of hits says anything of a cell: some 50
prompts of a chat, fewer of agents. Chosen."""

TEMPERATURE_BANDS = (30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95)
"""Degrees Celsius at the end of each band; what is colder or hotter counts in the first or last.
Chosen: GPUs slow down somewhere above 80, and a change of five degrees is seen."""

_USERS = f'{{{catalog.TIER}!="{catalog.PROBE_TIER}"}}'
"""Of routers' series, those that are users'."""
_CELL = ", ".join(catalog.CELL_LABELS)


def cells_group(scrape_interval_seconds: float) -> RuleGroup:
    """Return the rules that record every ``CELL_`` series of :mod:`slo.conventions`."""
    window_seconds = base_window_seconds(scrape_interval_seconds)
    window = format_duration(window_seconds)
    rules = (
        *_request_rules(window),
        *_group_rules(),
        *_gpu_rules(),
        *_engine_rules(window, window_seconds),
        *_latency_rules(window),
        *_tool_rules(window),
        RecordingRule(
            conventions.CELL_GROUPS_DISAGREEING, _over_cell("sum", catalog.PROBE_DISAGREES)
        ),
    )
    return RuleGroup(CELLS_GROUP, scrape_interval_seconds, rules)


def _request_rules(window: str) -> tuple[RecordingRule, ...]:
    requests = conventions.CELL_REQUESTS_RATE
    bad = "|".join(BAD_OUTCOMES)
    return (
        RecordingRule(requests, _rate(catalog.ROUTER_REQUESTS, window, catalog.OUTCOME, of=_USERS)),
        RecordingRule(
            conventions.CELL_ERROR_RATIO,
            _ratio(
                f'{requests}{{{catalog.OUTCOME}=~"{bad}"}}',
                f'{requests}{{{catalog.OUTCOME}!="{NOT_COUNTED}"}}',
            ),
        ),
        RecordingRule(
            conventions.CELL_TTFT_BUCKETS,
            _buckets(catalog.ROUTER_TIME_TO_FIRST_TOKEN, window, of=_USERS),
        ),
        *(
            RecordingRule(
                conventions.CELL_TTFT, _quantile(quantile), {conventions.QUANTILE: quantile}
            )
            for quantile in QUANTILES
        ),
        RecordingRule(
            conventions.CELL_IN_FLIGHT, _over_cell("sum", catalog.ROUTER_IN_FLIGHT, of=_USERS)
        ),
    )


def _group_rules() -> tuple[RecordingRule, ...]:
    expected = _over_cell("sum", catalog.GROUP_GPUS_EXPECTED)
    # Group by group: one without telemetry has no GPUs that are up, nor any that are missing.
    missing = f"{catalog.GROUP_GPUS_EXPECTED.name} - {catalog.GROUP_GPUS_UP.name}"
    return (
        RecordingRule(
            conventions.CELL_GROUPS, _over_cell("sum", catalog.GROUP_STATE, catalog.STATE)
        ),
        RecordingRule(conventions.CELL_CAPACITY, _over_cell("avg", catalog.GROUP_CAPACITY)),
        RecordingRule(conventions.CELL_GPUS_EXPECTED, expected),
        RecordingRule(conventions.CELL_GPUS_MISSING, f"sum by ({_CELL}) ({missing})"),
        RecordingRule(conventions.CELL_REVISION_GROUPS, _groups_by_revision()),
        RecordingRule(
            conventions.CELL_GPUS, _over_cell("sum", catalog.GROUP_MEMBERS, catalog.STATE)
        ),
    )


def _groups_by_revision() -> str:
    weights = catalog.WEIGHTS_INFO.name
    group = ", ".join((*catalog.GROUP_LABELS, catalog.REVISION))
    themselves, told = (
        f"count by ({_by((catalog.REVISION,))}) (group by ({group}) ({each}))"
        for each in (weights, catalog.GROUP_INFO.name)
    )
    return f"{themselves}\nor\n({told}\nunless on ({_CELL})\n{weights})"


def _gpu_rules() -> tuple[RecordingRule, ...]:
    coldest, hottest = TEMPERATURE_BANDS[0], TEMPERATURE_BANDS[-1]
    width = TEMPERATURE_BANDS[1] - coldest
    band = f"clamp(ceil({catalog.GPU_TEMPERATURE.name} / {width}) * {width}, {coldest}, {hottest})"
    return (
        # One pass over all GPUs, where a histogram's buckets would take one a bound. Asked for over
        # a range, Prometheus 2.42 mixes up the labels unless the one that it makes is among them.
        RecordingRule(
            conventions.CELL_GPUS_BY_TEMPERATURE,
            f'count_values by ({_by((conventions.BAND,))}) ("{conventions.BAND}", {band})',
        ),
        RecordingRule(conventions.CELL_GPU_POWER, _over_cell("sum", catalog.GPU_POWER)),
    )


def _engine_rules(window: str, window_seconds: float) -> tuple[RecordingRule, ...]:
    queried, missed = conventions.CELL_LOOKED_UP_RATE, conventions.CELL_MISSED_RATE
    hits = _rate(catalog.GROUP_PREFIX_HIT_TOKENS, window)
    enough = f"({queried} >= {FEWEST_PROMPT_TOKENS} / {window_seconds:g})"
    return (
        RecordingRule(conventions.CELL_WAITING, _over_cell("sum", catalog.GROUP_WAITING)),
        RecordingRule(
            conventions.CELL_KV_CACHE_USAGE, _over_cell("max", catalog.GROUP_KV_CACHE_USAGE)
        ),
        RecordingRule(queried, _rate(catalog.GROUP_PREFIX_QUERIED_TOKENS, window)),
        RecordingRule(
            conventions.CELL_HIT_RATE,
            _rate(catalog.GROUP_CACHE_HIT_TOKENS, window, catalog.CACHE_TIER),
        ),
        RecordingRule(missed, _rate(catalog.GROUP_CACHE_MISSED_TOKENS, window)),
        RecordingRule(
            conventions.CELL_MISSED_GPUS, _rate(catalog.GROUP_CACHE_MISSED_GPU_SECONDS, window)
        ),
        RecordingRule(conventions.CELL_PREEMPTIONS_RATE, _rate(catalog.GROUP_PREEMPTIONS, window)),
        RecordingRule(
            conventions.CELL_PREFIX_HIT_RATIO,
            f"{hits} / ({queried} > 0)",
        ),
        RecordingRule(
            conventions.CELL_CACHE_HIT_RATIO,
            # Engines that do not say what no tier had say at least what the GPUs had.
            f"1 - {missed} / {enough}\nor\n{hits} / {enough}",
        ),
        RecordingRule(
            conventions.CELL_TOKENS_RATE, _rate(catalog.GROUP_TOKENS, window, catalog.PHASE)
        ),
        RecordingRule(conventions.CELL_STEPS_RATE, _rate(catalog.GROUP_STEPS, window)),
    )


def _latency_rules(window: str) -> tuple[RecordingRule, ...]:
    phases = {
        "client_first_token": (catalog.ROUTER_TIME_TO_FIRST_TOKEN, _USERS),
        "queue": (catalog.GROUP_QUEUE_TIME, ""),
        "first_token": (catalog.GROUP_TIME_TO_FIRST_TOKEN, ""),
        "end_to_end": (catalog.GROUP_END_TO_END, ""),
    }
    return (
        RecordingRule(
            conventions.CELL_DURATION_BUCKETS,
            # Engines tell of no request that hangs, so that they come second.
            f"{_buckets(catalog.ROUTER_END_TO_END, window, of=_USERS)}\n"
            f"or on ({_CELL})\n{_buckets(catalog.GROUP_END_TO_END, window)}",
        ),
        RecordingRule(
            conventions.CELL_PACE_BUCKETS, _buckets(catalog.GROUP_TIME_PER_OUTPUT_TOKEN, window)
        ),
        *(
            RecordingRule(
                recorded,
                f"sum by ({_CELL}) (rate({family.name}{part}{of}[{window}]))",
                {conventions.OF: phase},
            )
            for phase, (family, of) in phases.items()
            for recorded, part in (
                (conventions.CELL_PHASE_SECONDS, "_sum"),
                (conventions.CELL_PHASE_REQUESTS, "_count"),
            )
        ),
    )


def _tool_rules(window: str) -> tuple[RecordingRule, ...]:
    calls = conventions.CELL_TOOL_CALLS_RATE
    return (
        RecordingRule(calls, _rate(catalog.TOOL_CALLS, window, catalog.TOOL, catalog.OUTCOME)),
        RecordingRule(
            conventions.CELL_TOOL_SUCCESS_RATIO,
            _ratio(
                f'{calls}{{{catalog.OUTCOME}="ok"}}',
                f'{calls}{{{catalog.OUTCOME}!="{CANCELLED}"}}',
                catalog.TOOL,
            ),
        ),
    )


def _over_cell(operator: str, family: Family, *labels: str, of: str = "") -> str:
    return f"{operator} by ({_by(labels)}) ({family.name}{of})"


def _rate(family: Family, window: str, *labels: str, of: str = "") -> str:
    return f"sum by ({_by(labels)}) (rate({family.name}{of}[{window}]))"


def _ratio(part: str, whole: str, *labels: str) -> str:
    # Without events the ratio is absent: neither 0, which would be good, nor NaN, which spreads.
    by = _by(labels)
    return f"sum by ({by}) ({part}) / (sum by ({by}) ({whole}) > 0)"


def _buckets(family: Family, window: str, *, of: str = "") -> str:
    return f"sum by ({_CELL}, le) (rate({family.name}_bucket{of}[{window}]))"


def _quantile(quantile: str) -> str:
    # The comparison drops NaN, which is what a histogram without observations gives.
    return f"histogram_quantile({quantile}, {conventions.CELL_TTFT_BUCKETS}) >= 0"


def _by(labels: tuple[str, ...]) -> str:
    return ", ".join((*catalog.CELL_LABELS, *labels))
