"""Sections of panels: what users feel, what engines do, what they stand on, what is not seen."""

from __future__ import annotations

from alerts import links
from dashboards.layout import Band
from dashboards.links import of_row
from dashboards.panels import About, linked_column, row, table, time_series
from dashboards.queries import SHOWN_ROWS, cells, itself
from dashboards.queries.selecting import now
from dashboards.signs import BUSIEST_NOW, WORST_NOW
from exporters import catalog

_FAULT = (
    catalog.GROUP,
    catalog.REASON,
    catalog.HOST,
    catalog.UUID,
    *reversed(catalog.CELL_LABELS),
)
_SILENT = (catalog.SOURCE, catalog.REASON, catalog.EXPORTER, catalog.REGION, catalog.CLUSTER)
_HERE = {each: each for each in catalog.GROUP_LABELS}
_GPU_HERE = {**{each: each for each in (*catalog.CELL_LABELS, catalog.HOST)}, "gpu": catalog.UUID}


def what_users_feel() -> tuple[Band, ...]:
    """Return requests, outcomes, errors, times to first token and tools (ids 16 to 22)."""
    return (
        Band(1, (row(16, "What users feel, at the router"),)),
        Band(8, (
            time_series(
                About(
                    17, "Requests",
                    f"Requests that ended, per second, by cell. {BUSIEST_NOW}",
                    "reqps", "No router exporter", lowest=0,
                ),
                [now(cells.REQUESTS)],
            ),
            time_series(
                About(
                    18, "Outcomes",
                    "Requests per second by how they ended: a time-out counts when its deadline "
                    "passes, an abort is the user's own.",
                    "reqps", "No router exporter", lowest=0,
                ),
                [cells.OUTCOMES],
            ),
            time_series(
                About(
                    19, "Error ratio",
                    "Errors, time-outs and rejections over all requests but the rate-limited. "
                    f"{WORST_NOW}",
                    "percentunit", "No requests", lowest=0,
                ),
                [now(cells.ERROR_RATIOS)],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    20, "Time to first token, p50",
                    "Half of the requests had their first token sooner, as the client saw it. "
                    f"{WORST_NOW}",
                    "s", "No requests", lowest=0,
                ),
                [now(cells.time_to_first_token("0.5"))],
            ),
            time_series(
                About(
                    21, "Time to first token, p99",
                    "One request in a hundred waited longer; one whose first token never came "
                    f"counts at its deadline. {WORST_NOW}",
                    "s", "No requests", lowest=0,
                ),
                [now(cells.time_to_first_token("0.99"))],
            ),
            time_series(
                About(
                    22, "Tool success",
                    f"Successes over all tool calls but the cancelled, by tool. {WORST_NOW}",
                    "percentunit", "No tool calls", highest=1,
                ),
                [now(cells.TOOL_SUCCESS_RATIOS)],
            ),
        )),
    )  # fmt: skip


def what_engines_do() -> tuple[Band, ...]:
    """Return tokens, queues and caches (ids 23 to 28)."""
    return (
        Band(1, (row(23, "What the engines do"),)),
        Band(8, (
            time_series(
                About(
                    24, "Tokens",
                    "Tokens per second, prompt (cached ones included) and generated, by region.",
                    "short", "No groups exporter", lowest=0,
                ),
                [cells.TOKENS],
            ),
            time_series(
                About(
                    25, "Requests in flight",
                    "Requests that routers have accepted and that have not ended. A rise without "
                    f"more traffic means that requests hang. {WORST_NOW}",
                    "short", "No router exporter", lowest=0,
                ),
                [now(cells.IN_FLIGHT)],
            ),
            time_series(
                About(
                    26, "Requests waiting",
                    f"Requests in the engines' queues, by cell. {WORST_NOW}",
                    "short", "No groups exporter", lowest=0,
                ),
                [now(cells.WAITING)],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    27, "KV cache usage",
                    "Share of the KV cache in use, of the fullest group of each cell. Near 1 the "
                    f"engine preempts requests. {WORST_NOW}",
                    "percentunit", "No groups exporter", lowest=0, highest=1,
                ),
                [now(cells.KV_CACHE_USAGE)],
            ),
            time_series(
                About(
                    28, "Prefix cache hit ratio",
                    "Prompt tokens found in the prefix cache over those looked up. A sudden fall "
                    "means caches were lost or traffic lost its affinity; prefills follow. "
                    f"{WORST_NOW}",
                    "percentunit", "No prompts", lowest=0, highest=1,
                ),
                [now(cells.PREFIX_HIT_RATIOS)],
            ),
        )),
    )  # fmt: skip


def what_they_stand_on() -> tuple[Band, ...]:
    """Return the GPUs that have a fault (ids 29 and 30)."""
    return (
        Band(1, (row(29, "GPUs"),)),
        Band(8, (
            table(
                About(
                    30, "GPUs with a fault",
                    "GPUs that are lost, hung or degraded, or cannot be seen, with the reason and "
                    f"the group that each takes down. At most {SHOWN_ROWS}.",
                    "none", "None, or no GPU exporter",
                    overrides=(
                        linked_column("group", "Open this group", of_row(links.GROUP_BOARD, _HERE)),
                        linked_column("host", "Open this GPU", of_row(links.GPU_BOARD, _GPU_HERE)),
                    ),
                ),
                cells.GPU_FAULT_ROWS,
                {each: each for each in _FAULT},
            ),
        )),
    )  # fmt: skip


def what_is_not_seen() -> tuple[Band, ...]:
    """Return what shardwatch itself cannot read or use (ids 31 to 33)."""
    return (
        Band(1, (row(31, "shardwatch itself"),)),
        Band(8, (
            table(
                About(
                    32, "Sources that do not answer",
                    "Engines, hosts, routers and gateways that an exporter cannot read, with the "
                    f"reason: what they serve is not seen. At most {SHOWN_ROWS}.",
                    "none", "None, or no exporter",
                ),
                itself.SILENT_SOURCE_ROWS,
                {each: each for each in _SILENT},
            ),
            table(
                About(
                    33, "Exporters with a fault",
                    "Exporters that go by an earlier content of a file, for the present one cannot "
                    "be used; without a file, those that could make nothing of what they read.",
                    "none", "None, or no exporter",
                ),
                itself.EXPORTER_FAULT_ROWS,
                {each: each for each in catalog.EXPORTER_RELOAD_SUCCESS.labels},
            ),
        )),
    )  # fmt: skip
