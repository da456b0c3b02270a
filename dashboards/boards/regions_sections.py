"""Sections of the Regions and locality board: what is to spare, and whose data is where."""

from __future__ import annotations

from alerts import links
from dashboards.explaining import cell_link, region_link
from dashboards.layout import Band
from dashboards.panels import About, Step, bar_gauge, row, table, time_series
from dashboards.queries import SHOWN_ROWS, regions
from dashboards.queries.shared import level
from dashboards.signs import WORST, WORST_NOW
from exporters import catalog

USED_STEPS = (Step(None, "green"), Step(0.8, "orange"), Step(1, "red"))
SAME_REGION = (region_link(links.FLEET_BOARD),)


def what_is_to_spare() -> tuple[Band, ...]:
    """Return groups that serve and those that are needed (ids 19 to 23)."""
    return (
        Band(1, (row(19, "What is to spare"),)),
        Band(8, (
            time_series(
                About(
                    20, "Groups that serve, by region",
                    f"Groups that take requests, of all that are known. {WORST}",
                    "percentunit", "No groups exporter", lowest=0, highest=1, links=SAME_REGION,
                ),
                [regions.SERVING_RATIOS],
            ),
            time_series(
                About(
                    21, "Needed of what serves, by cell",
                    "Groups that the busiest minutes of the last hour needed over those that "
                    "serve, by their KV caches. Above the dashed line users will miss "
                    "what is gone; a group that goes "
                    f"lifts it at once. {WORST}",
                    "percentunit", "Nothing is in use", lowest=0,
                ),
                [regions.USED],
                dashed=[level(1, "nothing to spare")],
            ),
            bar_gauge(
                About(
                    22, "Fullest cells, last hour",
                    f"The same now. {WORST_NOW} A click opens the cell's capacity.",
                    "percentunit", "Nothing is in use", USED_STEPS,
                    decimals=0, lowest=0, highest=1.2, links=(cell_link(links.CAPACITY_BOARD),),
                ),
                regions.USED_BARS,
            ),
            time_series(
                About(
                    23, "Groups down, by cell",
                    "Groups that are dead or stalled and not out of service on purpose. "
                    f"{WORST}",
                    "short", "None is down, or no groups exporter", lowest=0,
                ),
                [regions.DOWN_BY_CELL],
            ),
        )),
    )  # fmt: skip


def whose_data() -> tuple[Band, ...]:
    """Return requests by the region that their data belongs to (ids 24 to 27)."""
    homes = (catalog.REGION, catalog.HOME_REGION, catalog.TIER)
    return (
        Band(1, (row(24, "Whose data is where"),)),
        Band(8, (
            time_series(
                About(
                    25, "Served outside home",
                    "Requests per second by the region that their data belongs to and the one that "
                    f"served them. {WORST}",
                    "reqps", "None, or no residency is told", lowest=0,
                ),
                [regions.OUTSIDE_BY_REGION],
            ),
            time_series(
                About(
                    26, "Served outside home, by tier",
                    "The same by class of customer. Of gov there may be none, whatever else is "
                    f"down. {WORST}",
                    "reqps", "None, or no residency is told", lowest=0,
                ),
                [regions.OUTSIDE_BY_TIER],
            ),
            table(
                About(
                    27, "Who serves whom",
                    "Requests per second by the region that served them, the one that their data "
                    f"belongs to, and the class of customer. The {SHOWN_ROWS} most.",
                    "reqps", "No residency is told", decimals=2,
                ),
                regions.HOMES,
                {**{each: each for each in homes}, "Value": "requests"},
            ),
        )),
    )  # fmt: skip
