"""Weights: they take long to load, or groups that should run the same run others."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, by, with_reason
from alerts.sources import ROUTER, WEIGHTS
from alerts.templates import choice, first_value, listing, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

WEIGHTS_SLOW = "WeightsSlow"
REVISION_SKEW = "RevisionSkew"

LEAST_TIMES_USUAL = 3.0
"""The mean time of a load over what it was before. Chosen: a read that is tried again adds a
quarter (the demo's store), and groups that start together share what a store gives."""
LEAST_SECONDS_MORE = 60.0
"""And at least so much longer than before, in seconds. Chosen: less is nobody's roll-out."""
FEWEST_LOADS_BEFORE = 3
"""That make a usual time."""
WINDOWS = ("10m", "1h")
"""In which loads are looked at: of some seconds, and of many minutes. A load that lasts three times
as long as usual must have room in one of them, so that what takes up to 20 minutes is told."""
GOING_ON = "5m"
"""No load within that, and nothing is said of earlier ones."""
STARTING = ("10m", "20m")
"""A group that starts now, and did so long ago, has been starting for longer than a load takes:
671 GB at 1 GB/s are 11 minutes (DeepSeek-V3)."""

SKEW_RANGE, SKEW_STEP = "1d", "15m"
"""For so long more than one revision is a roll-out, and no skew."""

_SECONDS, _LOADS = catalog.WEIGHTS_LOAD_SECONDS.name, catalog.WEIGHTS_LOADS.name
_CELL = by(catalog.CELL_LABELS)
_LOADING, _STARTING = "loading", "starting"
_REVISIONS, _HASH = "revisions", "hash"


def weight_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in weights.

    Args:
        window_seconds: the base window.
    """
    return _weights_slow(window_seconds), _revision_skew()


def _weights_slow(window_seconds: float) -> Cause:
    going_on = f"sum by ({_CELL}) ({_grown(_SECONDS, GOING_ON)}) > 0"
    slow = "\nor\n".join(_slow_within(each, window_seconds) for each in WINDOWS)
    mean = first_value(
        _mean(WINDOWS[0], window_seconds, f"{{{matchers({}, catalog.CELL_LABELS)}}}"),
        catalog.CELL_LABELS, "humanizeDuration", missing="an unknown time",
    )  # fmt: skip
    usual = first_value(
        _usual(WINDOWS[0], f"{{{matchers({}, catalog.CELL_LABELS)}}}"),
        catalog.CELL_LABELS, "humanizeDuration", missing="unknown",
    )  # fmt: skip
    loading = matchers(
        {conventions.CAUSE: WEIGHTS_SLOW, catalog.REASON: _LOADING}, catalog.CELL_LABELS
    )
    return Cause(
        name=WEIGHTS_SLOW,
        rank=720,
        explains=(ROUTER, WEIGHTS),
        state=(
            with_reason(f"group by ({_CELL}) (\n(\n{slow}\n)\nand\n{going_on}\n)", _LOADING)
            + "\nor\n"
            + with_reason(f"group by ({_CELL}) ({_starting_for_long()})", _STARTING)
        ),
        state_labels=catalog.CELL_LABELS,
        sight=Sight("router", catalog.ROUTER_UP.name, (catalog.CLUSTER, catalog.REGION)),
        evidence=(
            "engines of {{ .Labels.model }} in region {{ .Labels.region }} take far longer than "
            "usual to load their weights"
        ),
        first_step=(
            "stop roll-outs and restarts of {{ .Labels.model }} in region {{ .Labels.region }}, "
            "and look at the store of weights"
        ),
        labels=catalog.CELL_LABELS,
        summary="Weights load slowly " + IN_CELL,
        description=choice(
            f"{conventions.CAUSE_STATE}{{{loading}}}",
            catalog.CELL_LABELS,
            there=f"A load takes {mean}, on average within {WINDOWS[0]}; usual is {usual}. ",
            missing=f"A group has been starting for more than {STARTING[-1]}. ",
        )
        + "Engines that are restarted now serve nothing for as long.",
    )


def _grown(counter: str, window: str, where: str = "") -> str:
    """Return what a counter grew by, exactly: loads are few, and no share of one is to be had."""
    return f"{counter}{where} - min_over_time({counter}{where}[{window}])"


def _mean(window: str, base_window_seconds: float, where: str = "") -> str:
    """Return the mean time of loads, those that are under way included, each as one."""
    base = format_duration(base_window_seconds)
    return (
        f"sum by ({_CELL}) ({_grown(_SECONDS, window, where)})\n/\n"
        f"(sum by ({_CELL}) ({_grown(_LOADS, window, where)})\n"
        f"+ sum by ({_CELL}) (irate({_SECONDS}{where}[{base}])))"
    )


def _usual(window: str, where: str = "") -> str:
    """Return the mean time of all loads before the window."""
    return (
        f"sum by ({_CELL}) (min_over_time({_SECONDS}{where}[{window}]))\n/\n"
        f"(sum by ({_CELL}) (min_over_time({_LOADS}{where}[{window}])) >= {FEWEST_LOADS_BEFORE})"
    )


def _slow_within(window: str, window_seconds: float) -> str:
    mean, usual = _mean(window, window_seconds), _usual(window)
    return (
        f"({mean})\n> {LEAST_TIMES_USUAL:g} * ({usual})\n"
        f"and\n({mean})\n> {LEAST_SECONDS_MORE:g} + ({usual})"
    )


def _starting_for_long() -> str:
    starting = f'{catalog.GROUP_STATE.name}{{{catalog.STATE}="starting"}}'
    return "\nand\n".join(
        f"{starting} == 1" if not ago else f"({starting} offset {ago} == 1)"
        for ago in ("", *STARTING)
    )


def _revision_skew() -> Cause:
    revisions, weights = conventions.CELL_REVISIONS, catalog.WEIGHTS_INFO.name
    of_cell, of_hash = by(catalog.CELL_LABELS), by((catalog.CLUSTER, catalog.MODEL,
                                                     catalog.REVISION))  # fmt: skip
    hashes = f"count by ({of_hash}, {catalog.HASH}) ({weights})"
    # Of weights under one name, those that fewer groups run are the others.
    others = (
        f"group by ({of_cell}) (\n{weights}\nunless on ({of_hash}, {catalog.HASH})\n"
        f"topk by ({of_hash}) (1, {hashes})\n)"
    )
    lasting = (
        f"group by ({of_cell}) (\n"
        f"min_over_time({revisions}[{SKEW_RANGE}:{SKEW_STEP}]) > 1\n"
        f"and {revisions} > 1\nand {revisions} offset {SKEW_RANGE} > 1\n)"
    )
    here = matchers({}, catalog.CELL_LABELS)
    return Cause(
        name=REVISION_SKEW,
        rank=710,
        explains=(),
        state=f"{with_reason(others, _HASH)}\nor\n{with_reason(lasting, _REVISIONS)}",
        state_labels=catalog.CELL_LABELS,
        sight=Sight("router", catalog.ROUTER_UP.name, (catalog.CLUSTER, catalog.REGION)),
        evidence=(
            "groups of {{ .Labels.model }} in region {{ .Labels.region }} run different weights"
        ),
        first_step=(
            "say which weights {{ .Labels.model }} is to run, and start the groups again that run "
            "others"
        ),
        labels=(*catalog.CELL_LABELS, catalog.REASON),
        summary=(
            f'{{{{ if eq $labels.{catalog.REASON} "{_HASH}" }}}}Other weights under the same '
            "revision{{ else }}More than one revision for a day{{ end }} " + IN_CELL
        ),
        description=(
            "Groups of {{ $labels.model }} in region {{ $labels.region }} run "
            + listing(
                f"count by ({catalog.REVISION}, {catalog.HASH}) ({weights}{{{here}}}) "
                f"or on () count by ({catalog.REVISION}) ({catalog.GROUP_INFO.name}{{{here}}})",
                catalog.CELL_LABELS,
                f"{{{{ .Labels.{catalog.REVISION} }}}}"
                f"{{{{ with .Labels.{catalog.HASH} }}}} with weights {{{{ . }}}}{{{{ end }}}}",
                missing="unknown revisions",
                sort_by=catalog.REVISION,
            )
            + "."
        ),
        levels=(
            RecordingRule(revisions, f"count by ({of_cell}) ({conventions.CELL_REVISION_GROUPS})"),
        ),
    )
