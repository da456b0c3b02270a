"""The GPU health board: which GPUs of the fleet are failing, and how one host's are."""

from __future__ import annotations

from alerts import links
from dashboards.boards.gpu_sections import how_hosts_gpus_are, what_they_measure
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import of_row
from dashboards.panels import (
    About,
    Json,
    Step,
    bar_gauge,
    colored_column,
    colored_lines,
    heatmap,
    linked_column,
    narrow_column,
    row,
    stat,
    table,
    time_series,
)
from dashboards.queries import SHOWN_NAMED, SHOWN_ROWS, gpus
from dashboards.signs import (
    FEW_ARE_TOLERABLE,
    GPU_STATES,
    NONE_IS_GOOD,
    UNKNOWN,
    UUID_PIXELS,
    opening,
)
from dashboards.variables import GPU, HOST
from exporters import catalog
from exporters.gpu.taxonomy import ROW_OF_REASON, RULE_OF_XID
from slo import conventions

QUESTION = "Which GPUs are failing, hot or slowed down, and what is to be done about each?"
HOW_TO_READ = (
    "The fleet first: how many are not healthy, which, and what to do. Then its heat, its XIDs and "
    "its memory. Below, all that is known of one host's GPUs: click a row, or choose it above: the "
    "worst stand first."
)
_HOT = (Step(None, "green"), Step(80, "orange"), Step(88, "red"))
"""Chosen: GPUs are slowed down somewhere above 80 °C."""
_SLOWED = (Step(None, "green"), Step(0.01, "orange"), Step(0.2, "red"))
_NO_TELEMETRY = "No groups exporter"
_SEVERITIES = (("page", "red"), ("ticket", "orange"), ("info", "blue"), ("none", "green"))
_GROUP_HERE = {each: each for each in catalog.GROUP_LABELS}
_GPU_HERE = {**{each: each for each in (*catalog.CELL_LABELS, catalog.HOST)}, "gpu": catalog.UUID}
OPENED = (
    linked_column(catalog.GROUP, "Open its group", of_row(links.GROUP_BOARD, _GROUP_HERE)),
    linked_column(catalog.HOST, "Look at this GPU", of_row(links.GPU_BOARD, _GPU_HERE)),
)


def _xid_colors() -> tuple[Json, ...]:
    """Return overrides that give the bar of each code the colour of its severity."""
    colors = dict(_SEVERITIES)
    return tuple(
        {
            "matcher": {"id": "byName", "options": f"XID {code}"},
            "properties": [
                {"id": "color", "value": {"fixedColor": colors[severity], "mode": "fixed"}}
            ],
        }
        for code, rule in sorted(RULE_OF_XID.items())
        if (severity := ROW_OF_REASON[rule.reason].severity)
        in (conventions.PAGE, conventions.TICKET)
    )


def gpu_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.GPU_BOARD,
        question=QUESTION,
        next_uids=(links.GROUP_BOARD, links.FLEET_BOARD, links.CAPACITY_BOARD),
        choices=(HOST, GPU),
        hidden=(conventions.SLO,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _faults(),
            *_heat(),
            *_xids_and_memory(),
            *how_hosts_gpus_are(),
            *what_they_measure(),
        ),
    )


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "GPUs expected", "GPUs that the topology gives to the chosen groups.",
                "short", _NO_TELEMETRY, decimals=0,
            ),
            gpus.EXPECTED,
        ),
        stat(
            About(
                3, "Lost or hung",
                "GPUs that are gone or do not answer: each takes its whole group down.",
                "short", _NO_TELEMETRY, NONE_IS_GOOD, decimals=0,
            ),
            gpus.GONE,
        ),
        stat(
            About(
                4, "Degraded",
                "GPUs that work and are slow, hot or at risk: each slows its whole group.",
                "short", _NO_TELEMETRY, FEW_ARE_TOLERABLE, decimals=0,
            ),
            gpus.DEGRADED,
        ),
        stat(
            About(
                5, "Unknown",
                "GPUs that nobody can see: their host's telemetry does not answer.",
                "short", _NO_TELEMETRY, FEW_ARE_TOLERABLE, decimals=0,
            ),
            gpus.UNSEEN,
        ),
        stat(
            About(
                6, "Power draw", "Power draw of all GPUs chosen.",
                "watt", "No GPU exporter", decimals=1,
            ),
            gpus.POWER,
        ),
        bar_gauge(
            About(
                7, "Hosts by driver",
                "Hosts with each version of the driver: during a patch there are two.",
                "short", "No GPU exporter", decimals=0, lowest=0,
            ),
            gpus.DRIVERS,
        ),
    ))  # fmt: skip


def _faults() -> Band:
    columns = (
        catalog.ACTION,
        catalog.REASON,
        catalog.SEVERITY,
        catalog.GROUP,
        catalog.HOST,
        catalog.UUID,
        *reversed(catalog.CELL_LABELS),
    )
    return Band(8, (
        table(
            About(
                8, "GPUs with a fault, and what to do",
                "Lost, hung or degraded GPUs, and those that cannot be seen, with the reason, how "
                f"urgent it is, and what to do. At most {SHOWN_ROWS}. A click on a host shows the "
                "GPU below.",
                "none", "None, or no GPU exporter",
                overrides=(
                    colored_column(catalog.SEVERITY, _SEVERITIES),
                    narrow_column(catalog.UUID, UUID_PIXELS),
                    *OPENED,
                ),
            ),
            gpus.FAULTS,
            {each: each for each in columns},
        ),
        time_series(
            About(
                9, "GPUs not healthy, by state",
                "How many are in each state but healthy, one on the other: one at a time is "
                "hardware, many at once are a host, a rack or a driver.",
                "short", _NO_TELEMETRY, decimals=0, lowest=0,
                overrides=colored_lines((*GPU_STATES, UNKNOWN)),
            ),
            [gpus.NOT_HEALTHY],
            stacked=True,
        ),
    ), (17, 7))  # fmt: skip


def _heat() -> tuple[Band, ...]:
    return (
        Band(1, (row(10, "Heat and power"),)),
        Band(8, (
            heatmap(
                About(
                    11, "Temperatures of all GPUs",
                    "How many GPUs are how hot, in bands of five degrees. A whole band that moves "
                    "up is cooling; a few far above the others are single GPUs.",
                    "celsius", "No GPU exporter",
                ),
                gpus.temperatures(),
                cells="GPUs",
            ),
            bar_gauge(
                About(
                    12, "Hottest GPUs",
                    f"The {SHOWN_NAMED} hottest now.",
                    "celsius", "No GPU exporter", _HOT, decimals=0, lowest=20, highest=100,
                ),
                gpus.HOTTEST,
                names_above=True,
            ),
            bar_gauge(
                About(
                    13, "Slowed down by heat or power",
                    "Share of the last five minutes in which clocks were lowered for heat or a "
                    f"power brake, by reason. The {SHOWN_NAMED} that were slowed down most.",
                    "percentunit", "None is slowed down, or none tells", _SLOWED,
                    decimals=0, lowest=0, highest=1,
                ),
                gpus.SLOWED_DOWN,
                names_above=True,
            ),
            time_series(
                About(
                    14, "Power by region",
                    "Power draw of GPUs. A fall without less traffic is capacity that is gone.",
                    "watt", "No GPU exporter", lowest=0,
                ),
                [gpus.POWER_BY_REGION],
                stacked=True,
            ),
        )),
    )  # fmt: skip


def _xids_and_memory() -> tuple[Band, ...]:
    gpu = {each: each for each in catalog.GPU_LABELS}
    return (
        Band(1, (row(15, "XIDs, memory, hosts"),)),
        Band(8, (
            bar_gauge(
                About(
                    16, "XIDs within a day",
                    "GPUs that had an XID of each code within 24 hours. 79: fallen off the bus. "
                    "48, 94, 95: memory. 74: NVLink. 119, 120: GSP. 13, 31, 43: the application. "
                    "Red ones are worth a page, orange ones a ticket.",
                    "short", "None within a day, or no GPU exporter",
                    (Step(None, "blue"),), decimals=0, lowest=0, overrides=_xid_colors(),
                ),
                gpus.XID_CODES,
            ),
            table(
                About(
                    17, "Last XIDs",
                    f"When each code was last seen, the latest first; at most {SHOWN_ROWS}.",
                    "s", "None yet, or no GPU exporter", decimals=0, overrides=OPENED,
                ),
                gpus.LAST_XIDS,
                {catalog.CODE: "XID", "Value": "seen ago", **gpu},
            ),
            table(
                About(
                    18, "Memory at risk",
                    "GPUs with a row of memory that could not be remapped (replace it), or that is "
                    "to be remapped at the next reset.",
                    "none", "None, or no GPU exporter", overrides=OPENED,
                ),
                gpus.MEMORY_AT_RISK,
                gpu,
            ),
            table(
                About(
                    19, "Hosts with too few GPUs",
                    "Hosts whose driver knows fewer GPUs than they are to have.",
                    "short", "None, or no GPU exporter", decimals=0,
                ),
                gpus.SHORT_HOSTS,
                {catalog.CLUSTER: "cluster", catalog.HOST: "host", "Value": "GPUs lacking"},
            ),
        ), (5, 9, 5, 5)),
    )  # fmt: skip
