"""The Regions and locality board: does each region carry its own, and is data where it belongs?"""

from __future__ import annotations

from alerts import links
from dashboards.boards.regions_sections import (
    SAME_REGION,
    USED_STEPS,
    what_is_to_spare,
    whose_data,
)
from dashboards.explaining import (
    budget_bars,
    causes_number,
    causes_timeline,
)
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import TITLES, of_row
from dashboards.panels import (
    About,
    Column,
    Meaning,
    Step,
    joined_table,
    linked_column,
    row,
    stat,
    state_timeline,
    time_series,
)
from dashboards.queries import SHOWN_ROWS, regions
from dashboards.queries.objectives import BLIND, TRAFFIC, VANISHED
from dashboards.signs import FEW_ARE_TOLERABLE, HIGHEST, NONE_IS_GOOD, WORST, opening
from exporters import catalog

QUESTION = (
    "Does every region serve its own with groups to spare, and does data stay where it belongs?"
)
HOW_TO_READ = (
    "First whether a region is down, and whether any data is where it may not be; then what each "
    "serves and has to spare, and where traffic went. What a region's own router cannot tell is "
    "not seen: its users appear elsewhere, or vanish."
)
_SERVING = (Step(None, "red"), Step(0.9, "orange"), Step(1, "green"))
_FLEET_OF_REGION = linked_column(
    catalog.REGION,
    f"Open {TITLES[links.FLEET_BOARD]} of this region",
    of_row(links.FLEET_BOARD, {each: each for each in regions.REGION}),
)
_SIGHT = (
    Meaning(TRAFFIC, "traffic", "green"),
    Meaning(VANISHED, "vanished", "red"),
    Meaning(BLIND, "blind", "purple"),
)


def regions_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.REGIONS_BOARD,
        question=QUESTION,
        next_uids=(
            links.FLEET_BOARD, links.CAPACITY_BOARD, links.METERING_BOARD, links.ITSELF_BOARD,
        ),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_traffic(),
            *what_is_to_spare(),
            *whose_data(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    return Band(4, (
        causes_number(
            2,
            "Regions in which nearly all groups are down, or all routers are gone while users "
            "were there.",
            regions.REGIONS_DOWN,
            title="Regions down",
        ),
        stat(
            About(
                3, "Groups that serve",
                "Shard groups that take requests, of all that are known.",
                "percentunit", "No groups exporter", _SERVING, decimals=1,
            ),
            regions.SERVING,
        ),
        stat(
            About(
                4, "Fullest cell, last hour",
                "Groups that the busiest minutes of the last hour needed over those that serve, by "
                "their KV caches, of the cell that is fullest. Above 100 % what is "
                "left cannot carry it.",
                "percentunit", "Nothing is in use", USED_STEPS, decimals=0,
            ),
            regions.MOST_USED,
        ),
        stat(
            About(
                5, "Routers silent",
                "Routers whose page does not answer: what their users get is not counted.",
                "short", "No router exporter", NONE_IS_GOOD,
            ),
            regions.ROUTERS_SILENT,
        ),
        stat(
            About(
                6, "Traffic missing",
                "Objectives and cells whose events have vanished or cannot be seen: an error ratio "
                "of nothing is perfect.",
                "short", "No rules evaluated", FEW_ARE_TOLERABLE,
            ),
            regions.UNSEEN,
        ),
        stat(
            About(
                7, "Data outside home",
                "Requests per second that were served in another region than their data belongs "
                "to. Some may be: of users who are sent elsewhere while theirs is down.",
                "reqps", "No residency is told", (Step(None, "green"), Step(0.001, "orange")),
                decimals=2,
            ),
            regions.OUTSIDE,
        ),
        stat(
            About(
                8, "Of governments",
                "The same of the tier gov, whose data may never leave: one request is one too "
                "many.",
                "reqps", "No residency is told", (Step(None, "green"), Step(0.0001, "red")),
                decimals=3,
            ),
            regions.GOV_OUTSIDE,
        ),
        stat(
            About(
                9, "Groups down",
                "Groups that are dead or stalled and not out of service on purpose.",
                "short", "No groups exporter", NONE_IS_GOOD,
            ),
            regions.GROUPS_DOWN,
        ),
    ))  # fmt: skip


def _where() -> Band:
    return Band(9, (
        joined_table(
            About(
                10, "Regions",
                "Each region: groups that are known and that serve, requests a second and how many "
                "fail, how full its fullest cell was in the last hour, requests in its engines, "
                f"and whether its routers answer. At most {SHOWN_ROWS}.",
                "short", "No groups exporter",
                overrides=(_FLEET_OF_REGION,),
            ),
            {each: each for each in regions.REGION},
            [
                Column("groups", regions.ROWS.first, "short", decimals=0),
                Column("serve", regions.ROW_SERVING, "short", decimals=0),
                Column("requests", regions.ROW_REQUESTS, "reqps", decimals=1),
                Column("failing", regions.ROW_ERRORS, "percentunit", decimals=2),
                Column("fullest cell", regions.ROW_USED, "percentunit", USED_STEPS, decimals=0),
                Column("in engines", regions.ROW_IN_ENGINES, "short", decimals=0),
                Column(
                    "routers", regions.ROW_ROUTERS, "percentunit",
                    (Step(None, "red"), Step(1, "text")), decimals=0,
                ),
            ],
        ),
        causes_timeline(
            11, "Causes in regions",
            "Regions that are down, cells with too few groups or without reserve, data outside its "
            "region.",
            regions.CAUSES_OVER_TIME,
        ),
        budget_bars(12, "answers, the fleet and data locality", regions.BUDGETS),
    ), (12, 6, 6))  # fmt: skip


def _traffic() -> tuple[Band, ...]:
    return (
        Band(1, (row(13, "Where traffic is"),)),
        Band(8, (
            time_series(
                About(
                    14, "Requests by region",
                    "Requests that ended, per second. A region that falls while another rises has "
                    f"sent its users there. {HIGHEST}",
                    "reqps", "No router exporter", lowest=0, links=SAME_REGION,
                ),
                [regions.REQUESTS],
            ),
            time_series(
                About(
                    15, "Failing, by region",
                    "Errors, time-outs and rejections over all requests but the rate-limited. "
                    f"{HIGHEST}",
                    "percentunit", "No requests", lowest=0, links=SAME_REGION,
                ),
                [regions.ERROR_RATIOS],
            ),
            time_series(
                About(
                    16, "In engines, by region",
                    f"Requests in batches and queues. {HIGHEST}",
                    "short", "No groups exporter", lowest=0, links=SAME_REGION,
                ),
                [regions.IN_ENGINES],
            ),
        )),
        Band(8, (
            state_timeline(
                About(
                    17, "Traffic",
                    "Whether a cell's events arrive, for all objectives. Vanished: there were some "
                    f"and are none. Blind: what sees them does not answer. {WORST}",
                    "short", "No traffic yet", meanings=_SIGHT,
                ),
                regions.SIGHT,
            ),
            time_series(
                About(
                    18, "Routers that answer",
                    f"Share of a region's routers whose page answers. {WORST}",
                    "percentunit", "No router exporter", lowest=0, highest=1,
                ),
                [regions.ROUTERS],
            ),
        )),
    )  # fmt: skip
