"""The Shard group board: one group from top to bottom."""

from __future__ import annotations

from alerts import links
from dashboards.boards.group_sections import (
    what_it_caches,
    what_it_is_asked,
    what_probes_say,
    what_takes_its_time,
)
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import of_row
from dashboards.panels import (
    About,
    Column,
    Order,
    Step,
    colored_lines,
    joined_table,
    linked_column,
    narrow_column,
    row,
    stat,
    state_timeline,
    table,
    time_series,
)
from dashboards.queries import SHOWN_ROWS, groups
from dashboards.signs import (
    GPU_STATES,
    NO_ZERO,
    NONE_IS_GOOD,
    STATES,
    UNKNOWN,
    UUID_PIXELS,
    alerts_table,
    opening,
)
from dashboards.variables import GROUP
from exporters import catalog
from slo import conventions

QUESTION = "What is wrong with this shard group, since when, and which of its members is it?"
HOW_TO_READ = (
    "Choose a group above: what is dead, stalled or degraded stands first. State and reason, then "
    "its members, for a group lives or dies as one and is as fast as its slowest; then what it is "
    "asked, what takes its time, what its caches save."
)
_FULL = (Step(None, "green"), Step(0.9, "orange"), Step(0.98, "red"))
_STEPPING = (Step(None, "green"), Step(10, "yellow"), Step(30, "red"))
"""A busy engine steps several times a second; after 30 s without one it is stalled."""
_ABLE = (Step(None, "red"), Step(1, "green"))
_SPEED = (Step(None, "red"), Step(0.8, "green"))
"""Below four fifths of its peers a group is degraded."""
_WHAT = (
    catalog.REASON,
    catalog.GROUP,
    catalog.REVISION,
    catalog.FAILURE_DOMAIN,
    catalog.ENGINE,
    catalog.MODEL,
    catalog.REGION,
    catalog.CLUSTER,
)
_GPU_HERE = {catalog.HOST: catalog.HOST, "gpu": catalog.UUID}


def group_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.GROUP_BOARD,
        question=QUESTION,
        next_uids=(
            links.GPU_BOARD,
            links.FLEET_BOARD,
            links.LATENCY_BOARD,
            links.CACHE_BOARD,
            links.ROLLOUT_BOARD,
        ),
        choices=(GROUP,),
        hidden=(conventions.SLO,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _state(),
            *_members(),
            *what_it_is_asked(),
            *what_takes_its_time(),
            *what_it_caches(),
            *what_probes_say(),
        ),
    )


def _numbers() -> Band:
    no_exporter = "No groups exporter"
    return Band(4, (
        stat(
            About(
                2, "State",
                "What the group is now: dead, stalled, degraded, draining, starting, sleeping or "
                "up; the first of these that applies.",
                "short", no_exporter, meanings=STATES,
            ),
            groups.STATE,
        ),
        stat(
            About(
                3, "Can serve",
                "1 if the group can serve, 0 if any member is gone or it is stalled: never a part.",
                "short", no_exporter, _ABLE, decimals=0,
            ),
            groups.CAPACITY,
        ),
        stat(
            About(
                4, "GPUs lacking",
                "GPUs that the topology gives the group, less those that answer and are not lost. "
                "One is enough to take it down.",
                "short", "No telemetry of its hosts", NONE_IS_GOOD, decimals=0,
            ),
            groups.GPUS_LACKING,
        ),
        stat(
            About(
                5, "Since its last step",
                "Seconds since the engine's step counter last moved. An idle engine does not step; "
                "a busy one that does not is stalled, whatever its /health says.",
                "s", "Its page cannot be read", _STEPPING, decimals=0,
            ),
            groups.SINCE_STEP,
        ),
        stat(
            About(
                6, "Running",
                "Requests in the engine's batch.",
                "short", "Its page cannot be read", decimals=0,
            ),
            groups.RUNNING,
        ),
        stat(
            About(
                7, "Waiting",
                "Requests in the engine's queue: any that stay are more than it can take.",
                "short", "Its page cannot be read", decimals=0,
            ),
            groups.WAITING,
        ),
        stat(
            About(
                8, "KV cache in use",
                "Share of the KV cache in use. Near 1 the engine preempts requests, and computes "
                "their prompts again.",
                "percentunit", "Its page cannot be read", _FULL, decimals=0,
            ),
            groups.KV_CACHE_USAGE,
        ),
        stat(
            About(
                9, "Speed to peers",
                "Tokens for each running request over the median of its peers: the groups of the "
                "same model and revision at similar load.",
                "percentunit", "Too few peers, or none tells", _SPEED, decimals=0,
            ),
            groups.SPEED_TO_PEERS,
        ),
    ))  # fmt: skip


def _state() -> Band:
    return Band(7, (
        state_timeline(
            About(
                10, "State over time",
                "When it changed, and to what.",
                "short", "No groups exporter", meanings=STATES,
            ),
            groups.STATE_OVER_TIME,
        ),
        table(
            About(
                11, "What it is, and why it is so",
                "Where it runs, what it runs, what falls with it, and the reason of its state.",
                "none", "No such group",
            ),
            groups.WHAT_IT_IS,
            {each: each for each in _WHAT},
        ),
        alerts_table(12, f'{catalog.GROUP}=~"$group"', place=(catalog.HOST,)),
    ), (7, 9, 8))  # fmt: skip


def _members() -> tuple[Band, ...]:
    columns = (
        Column("state", groups.MEMBER_STATES, "short", meanings=(*GPU_STATES, UNKNOWN)),
        Column("°C", groups.member_rows(catalog.GPU_TEMPERATURE), "celsius", decimals=0),
        Column("power", groups.member_rows(catalog.GPU_POWER), "watt", decimals=0),
        Column("busy", groups.member_rows(catalog.GPU_UTILIZATION), "percentunit", decimals=0),
        Column("tensor", groups.member_rows(catalog.GPU_TENSOR_ACTIVE), "percentunit", decimals=0),
        Column("clock", groups.member_rows(catalog.GPU_SM_CLOCK), "hertz", decimals=2),
        Column("memory", groups.member_rows(catalog.GPU_MEMORY_USED), "bytes", decimals=1),
        Column("last XID", groups.member_rows(catalog.GPU_LAST_XID), "none", zero=NO_ZERO),
        Column("seen ago", groups.member_rows(catalog.GPU_SAMPLE_AGE), "s", decimals=0),
    )
    return (
        Band(1, (row(13, "Its members"),)),
        Band(8, (
            joined_table(
                About(
                    14, "GPUs of the group",
                    "Each GPU that the topology gives the group, with what it last said: one that "
                    f"is gone has a state and no numbers. At most {SHOWN_ROWS}. A click on a host "
                    "opens the GPU.",
                    "short", "No telemetry of its hosts",
                    overrides=(
                        narrow_column(catalog.UUID, UUID_PIXELS),
                        linked_column(
                            catalog.HOST, "Open this GPU", of_row(links.GPU_BOARD, _GPU_HERE)
                        ),
                    ),
                ),
                {catalog.HOST: catalog.HOST, catalog.UUID: catalog.UUID},
                columns,
                (Order("state", descending=True),),
            ),
            time_series(
                About(
                    15, "Members by state",
                    "GPUs of the group in each state; unknown are those that nobody can see.",
                    "short", "No telemetry of its hosts", decimals=0, lowest=0,
                    overrides=colored_lines((*GPU_STATES, UNKNOWN)),
                ),
                [groups.MEMBERS],
                stacked=True,
            ),
        ), (16, 8)),
        Band(7, (
            time_series(
                About(
                    16, "Work of its GPUs",
                    "Share of cycles in which the tensor pipe was active: highest, middle and "
                    "lowest of the group. All members wait for the slowest, so that one that "
                    "works much more than the others may be the slow one.",
                    "percentunit", "No telemetry of its hosts", lowest=0, highest=1,
                ),
                groups.spread(catalog.GPU_TENSOR_ACTIVE),
            ),
            time_series(
                About(
                    17, "Clocks of its GPUs",
                    "Clock of the SMs: highest, middle and lowest. A lowest far below the middle "
                    "is one GPU that was slowed down, and slows down all.",
                    "hertz", "No telemetry of its hosts", lowest=0,
                ),
                groups.spread(catalog.GPU_SM_CLOCK),
            ),
            time_series(
                About(
                    18, "Hottest GPUs",
                    "Temperatures of the GPUs of the group that were hottest at any time within "
                    "the range.",
                    "celsius", "No telemetry of its hosts",
                ),
                [groups.hottest()],
            ),
        )),
    )  # fmt: skip
