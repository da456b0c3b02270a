"""Sections of the Rollout board: what groups run, how they start, and the drivers below them."""

from __future__ import annotations

from alerts import links
from dashboards.layout import Band
from dashboards.links import TITLES, of_row
from dashboards.panels import About, colored_lines, linked_column, row, table, time_series
from dashboards.queries import SHOWN_ROWS, rollout
from dashboards.signs import BUSIEST, STATES, WORST
from exporters import catalog

_GROUP = linked_column(
    catalog.GROUP,
    f"Open {TITLES[links.GROUP_BOARD]}",
    of_row(links.GROUP_BOARD, {each: each for each in catalog.GROUP_LABELS}),
)


def what_runs() -> tuple[Band, ...]:
    """Return weights, states and drains (ids 17 to 20)."""
    weights = (*catalog.CELL_LABELS, catalog.REVISION, catalog.HASH)
    return (
        Band(1, (row(17, "What groups run"),)),
        Band(8, (
            table(
                About(
                    18, "Weights",
                    "Groups by revision and by the hash of what they loaded. Two hashes under one "
                    f"revision are other weights under the same name. At most {SHOWN_ROWS}.",
                    "short", "No store of weights is seen",
                ),
                rollout.WEIGHTS_ROWS,
                {**{each: each for each in weights}, "Value": "groups"},
            ),
            time_series(
                About(
                    19, "Groups that are not up",
                    "By state. A roll-out is a wave of draining and starting, and of nothing else.",
                    "short", "No groups exporter", lowest=0,
                    overrides=colored_lines(STATES),
                ),
                [rollout.STATES],
                stacked=True,
            ),
            table(
                About(
                    20, "Out of service on purpose",
                    "Groups that drain or are taken out by the topology, and how long until they "
                    "have to serve again; below 0 they are overdue. The longest overdue first.",
                    "s", "None, or no rules evaluated",
                    overrides=(_GROUP,),
                ),
                rollout.DRAIN_ROWS,
                {**{each: each for each in catalog.GROUP_LABELS}, "Value": "has"},
            ),
        ), (10, 7, 7)),
    )  # fmt: skip


def what_starts() -> tuple[Band, ...]:
    """Return loads of weights and drivers (ids 21 to 26)."""
    domain = (*catalog.CELL_LABELS, catalog.FAILURE_DOMAIN)
    return (
        Band(1, (row(21, "Loads of weights, and drivers"),)),
        Band(8, (
            time_series(
                About(
                    22, "Time of a load",
                    "Mean seconds that engines took to load their weights, of those that came up "
                    f"within an hour. {WORST}",
                    "s", "None loaded, or no store is seen", lowest=0,
                ),
                [rollout.LOAD_TIMES],
            ),
            time_series(
                About(
                    23, "Engines that load",
                    "Seconds of loading per second: so many engines are at it. One that does not "
                    f"come down is a store that is slow. {WORST}",
                    "short", "No store of weights is seen", lowest=0,
                ),
                [rollout.LOADING],
            ),
            time_series(
                About(
                    24, "Reads tried again",
                    f"Reads from the store of weights that were tried again, per second. {WORST}",
                    "cps", "No store of weights is seen", lowest=0,
                ),
                [rollout.LOAD_RETRIES],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    25, "Hosts by driver",
                    "Hosts by version of their GPU driver. Two lines that cross are a roll-out; "
                    f"two that lie still are one that was forgotten. {BUSIEST}",
                    "short", "No GPU exporter", lowest=0,
                ),
                [rollout.HOSTS_BY_DRIVER],
            ),
            table(
                About(
                    26, "Failure domains of several drivers",
                    "Ranks that answer together and run different drivers: collectives may hang, "
                    f"and numbers may differ. At most {SHOWN_ROWS}.",
                    "short", "None, or no GPU exporter",
                ),
                rollout.MIXED_DOMAINS,
                {**{each: each for each in domain}, "Value": "versions"},
            ),
        )),
    )  # fmt: skip
