"""The matrix of the Fleet: how every region's model is, in one row."""

from __future__ import annotations

from typing import Any

from alerts import links
from dashboards.links import of_row
from dashboards.panels import About, Column, Meaning, Order, joined_table, linked_column
from dashboards.queries import SHOWN_ROWS
from dashboards.queries.cells import DOWN, PLACE, SERVES, VANISHED, Places
from dashboards.signs import BUDGET_STEPS, CAPACITY_STEPS, NO_ZERO, NONE_IS_GOOD, burn_steps
from slo.windows import read_tiers

STANDINGS = (
    Meaning(DOWN, "down", "dark-red"),
    Meaning(VANISHED, "vanished", "red"),
    Meaning(SERVES, "serves", "green"),
)
_HERE = {each: each for each in PLACE}


def regions_and_models(id: int) -> Any:
    """Return the table of regions and models, the worst of them where there are many."""
    fastest, *_ = read_tiers()
    window = fastest.long_window
    ask = Places(window)
    return joined_table(
        About(
            id, "Regions and models",
            "Each region's model in one row: what can serve, what users feel, what is left. Those "
            "of which no group can serve first, then those whose requests have vanished, then by "
            f"burn; at most {SHOWN_ROWS}. A click on a budget opens the objectives.",
            "short", "Nothing is recorded of cells",
            overrides=(
                linked_column("budget left", "Open objectives", of_row(links.SLO_BOARD, _HERE)),
            ),
        ),
        _HERE,
        (
            Column("state", ask.standing, "short", decimals=0, meanings=STANDINGS),
            Column("can serve", ask.capacity, "percentunit", CAPACITY_STEPS, 0),
            Column("not up", ask.not_up, "short", NONE_IS_GOOD, 0, zero=NO_ZERO),
            Column(
                "GPUs missing", ask.gpus_missing, "short", NONE_IS_GOOD, 0, zero=NO_ZERO
            ),
            Column("requests", ask.requests, "reqps", decimals=1),
            Column("errors", ask.errors, "percentunit", decimals=2),
            Column("TTFT p99", ask.slow, "s", decimals=2),
            Column("waiting", ask.waiting, "short", decimals=0, zero=NO_ZERO),
            Column(f"burn {window}", ask.burn, "short", burn_steps((fastest,)), 1),
            Column("budget left", ask.budget, "percentunit", BUDGET_STEPS, 0),
        ),
        (Order("state", descending=True), Order(f"burn {window}", descending=True)),
    )  # fmt: skip
