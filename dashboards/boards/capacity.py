"""The Capacity and cost board: how much more can be taken, and what a token costs."""

from __future__ import annotations

from typing import Any

from alerts import links
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import (
    About,
    Column,
    Order,
    Step,
    bar_gauge,
    gauge,
    joined_table,
    row,
    stat,
    time_series,
)
from dashboards.queries import SHOWN_ROWS, capacity
from dashboards.queries.query import Query
from dashboards.signs import BUSIEST, BUSIEST_NOW, NO_ZERO, NONE_IS_GOOD, WORST, opening
from exporters import catalog
from slo import conventions

QUESTION = "How much more can each region and model take, and what do its tokens cost?"
HOW_TO_READ = (
    "Headroom is the share of the serving groups whose KV caches the last hour's busiest minutes "
    "did not need; what else runs short shows as waiting requests. Cost is in GPU-hours and "
    "joules."
)
_HEADROOM = (Step(None, "red"), Step(0, "orange"), Step(0.2, "green"))
"""Below 0 it is too little already; below a fifth, one group of five may not be lost."""
_FULL = (Step(None, "green"), Step(0.8, "orange"), Step(0.95, "red"))
_NO_CELLS = "Nothing is recorded of cells"
_NO_TOKENS = "Nothing is generated"
_NOTHING = "Nothing is in use, or nothing is recorded of cells"


def capacity_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.CAPACITY_BOARD,
        question=QUESTION,
        next_uids=(
            links.FLEET_BOARD,
            links.QUEUE_BOARD,
            links.CACHE_BOARD,
            links.REGIONS_BOARD,
            links.GPU_BOARD,
        ),
        hidden=(conventions.SLO,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _cells(),
            *_headroom(),
            *_cost(),
            *_lost(),
        ),
        time_from="now-24h",
        refresh="1m",
    )


def _numbers() -> Band:
    return Band(5, (
        gauge(
            About(
                2, "Least headroom",
                "Of the region and model that has least: the share of its serving groups whose KV "
                "caches the last hour did not need.",
                "percentunit", "Nothing is in use", _HEADROOM, decimals=0, lowest=-0.5, highest=1,
            ),
            capacity.LEAST_HEADROOM,
        ),
        gauge(
            About(
                3, "Groups that serve",
                "Share of all groups that take requests: up or degraded, and not draining.",
                "percentunit", _NO_CELLS,
                (Step(None, "red"), Step(0.9, "yellow"), Step(0.98, "green")),
                decimals=1, lowest=0, highest=1,
            ),
            capacity.SERVING_RATIO,
        ),
        stat(
            About(
                4, "Cells too small",
                "Regions and models in which fewer groups serve than the last hour needed, by what "
                "it held of their KV caches.",
                "short", _NO_CELLS, NONE_IS_GOOD, decimals=0,
            ),
            capacity.CELLS_SHORT,
        ),
        stat(
            About(
                5, "GPUs taken down",
                "GPUs that cannot serve because their group cannot: most of them are healthy.",
                "short", _NO_CELLS, NONE_IS_GOOD, decimals=0,
            ),
            capacity.GPUS_TAKEN_DOWN,
        ),
        stat(
            About(
                6, "Tokens per GPU-hour",
                "Tokens generated for each hour of each GPU that the topology has, idle ones "
                "included.",
                "short", _NO_TOKENS, decimals=0,
            ),
            capacity.TOKENS_PER_GPU_HOUR,
        ),
        stat(
            About(
                7, "GPU-h per 1M tokens",
                "Hours of a GPU for each million tokens generated: times the price of an hour, "
                "the cost.",
                "none", _NO_TOKENS, decimals=2,
            ),
            capacity.GPU_HOURS_PER_MILLION,
        ),
        stat(
            About(
                8, "Energy per token",
                "Power of all GPUs over the tokens generated.",
                "joule", "Nothing is generated, or no GPU exporter", decimals=2,
            ),
            capacity.JOULES_PER_TOKEN,
        ),
        stat(
            About(9, "Power", "Power draw of all GPUs.", "watt", "No GPU exporter", decimals=1),
            capacity.POWER,
        ),
    ))  # fmt: skip


def _cells() -> Band:
    def column(
        name: str, unit: str, steps: tuple[Step, ...] = (), decimals: int = 0, zero: str = ""
    ) -> Column:
        return Column(name, capacity.ROWS[name], unit, steps, decimals, zero=zero)

    return Band(9, (
        joined_table(
            About(
                10, "Headroom by region and model",
                "How many groups serve, of how many, and how many the busiest minutes of the last "
                "hour needed to hold its KV caches; how much of these is in use, on average and of "
                "the fullest group; tokens generated for each GPU-hour. Those with least headroom "
                f"first, at most {SHOWN_ROWS}.",
                "short", _NO_CELLS,
            ),
            {each: each for each in catalog.CELL_LABELS},
            (
                column("headroom", "percentunit", _HEADROOM),
                column("serving", "short"),
                column("groups", "short"),
                column("needed", "short", decimals=1),
                column("in use", "percentunit", _FULL),
                column("fullest", "percentunit", _FULL),
                column("waiting", "short", zero=NO_ZERO),
                column("GPUs", "short"),
                column("tokens/GPU-h", "short"),
            ),
            (Order("headroom"),),
        ),
        bar_gauge(
            About(
                11, "Tokens per GPU-hour by cell",
                f"Where a GPU generates most. {BUSIEST_NOW}",
                "short", _NO_TOKENS, decimals=0, lowest=0,
            ),
            capacity.CHEAPEST_FIRST,
        ),
    ), (17, 7))  # fmt: skip


def _headroom() -> tuple[Band, ...]:
    return (
        Band(1, (row(12, "How near to the limit"),)),
        Band(8, (
            _graph(
                13, "Headroom", "percentunit", capacity.HEADROOM,
                "Share of the serving groups that the last hour did not need. It falls when groups "
                f"are lost as well as when load grows. {WORST}",
            ),
            _graph(
                14, "KV caches in use", "percentunit", capacity.IN_USE,
                "What requests hold of the KV caches of the groups that serve, now. It is what an "
                f"engine runs out of. {BUSIEST}",
            ),
            _graph(
                15, "Requests waiting", "short", capacity.WAITING,
                f"In the engines' queues: above the limit they grow without end. {BUSIEST}",
            ),
            time_series(
                About(
                    16, "Groups needed, over a week",
                    "Groups that it takes to hold the most KV cache of each hour. Where engines "
                    "run out of anything else first (long prompts, the size of batches), more are "
                    "needed than it says: look at the requests that wait. Seven days back, as long "
                    f"as the board ends now. {BUSIEST}",
                    "short", "Nothing is known of a week yet", lowest=0,
                ),
                [capacity.NEEDED],
                time_from="7d",
            ),
        )),
    )  # fmt: skip


def _cost() -> tuple[Band, ...]:
    return (
        Band(1, (row(17, "What tokens cost, by model"),)),
        Band(8, (
            _graph(
                18, "Tokens generated", "short", capacity.TOKENS_BY_MODEL,
                "Tokens generated per second, by model.",
            ),
            _graph(
                19, "Tokens per GPU-hour by model", "short",
                capacity.TOKENS_PER_GPU_HOUR_BY_MODEL,
                "Of all GPUs of the model, idle ones included: at night it falls, for the GPUs "
                "stay.",
            ),
            _graph(
                20, "GPU-hours per million tokens by model", "none",
                capacity.GPU_HOURS_PER_MILLION_BY_MODEL,
                "Times the price of a GPU-hour, what a million generated tokens cost.",
            ),
        )),
        Band(8, (
            _graph(
                21, "Energy per token by model", "joule", capacity.JOULES_PER_TOKEN_BY_MODEL,
                "Power of the model's GPUs over the tokens that they generate.",
            ),
            _graph(
                22, "Power by model", "watt", capacity.WATTS_BY_MODEL,
                "Power draw of the model's GPUs.",
            ),
            _graph(
                23, "Prompt tokens for each generated", "none", capacity.PROMPT_PER_GENERATED,
                "Prompt tokens, cached ones included, over generated ones. Agents have hundreds, "
                "chats a few: prompts cost prefill, which the caches save.",
            ),
        )),
    )  # fmt: skip


def _lost() -> tuple[Band, ...]:
    return (
        Band(1, (row(24, "What is lost"),)),
        Band(8, (
            _graph(
                25, "GPUs taken down, by cell", "short", capacity.TAKEN_DOWN,
                "GPUs that cannot serve because their group cannot: one that is lost takes all "
                f"others of its group with it. {WORST}",
            ),
        )),
    )  # fmt: skip


def _graph(id: int, title: str, unit: str, query: Query, description: str) -> Any:
    return time_series(About(id, title, description, unit, _NOTHING), [query])
