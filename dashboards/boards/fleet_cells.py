"""The matrix of the Fleet: how every region's model is, in one row."""

from __future__ import annotations

from typing import Any

from alerts import links
from alerts.causes.canaries import LATE_SECONDS
from alerts.causes.queue_signals import PATIENCE_SECONDS
from dashboards.links import of_row
from dashboards.panels import About, Column, Meaning, Order, Step, joined_table, linked_column
from dashboards.promises import bad_shares, promised
from dashboards.queries import SHOWN_ROWS
from dashboards.queries.cells import BURNING, DOWN, PLACE, SERVES, VANISHED, Places
from dashboards.signs import (
    BUDGET_STEPS,
    CAPACITY_STEPS,
    NO_ZERO,
    NONE_IS_GOOD,
    USUAL_PERIOD_SECONDS,
    burn_steps,
)
from slo.burn import Tier, burn_factor
from slo.windows import read_tiers

STANDINGS = (
    Meaning(DOWN, "down", "dark-red"),
    Meaning(VANISHED, "vanished", "red"),
    Meaning(BURNING, "burning", "red"),
    Meaning(SERVES, "serves", "green"),
)
_HERE = {each: each for each in PLACE}
_AVAILABILITY = "chat-availability"


def _failing(fastest: Tier) -> tuple[Step, ...]:
    """Return colours of the share of requests that fail: red where it would page, if it lasts."""
    allowed = 1 - promised(_AVAILABILITY)
    pages = allowed * float(burn_factor(fastest, USUAL_PERIOD_SECONDS))
    return bad_shares(_AVAILABILITY, round(pages, 6))


_WAITS = (Step(None, "green"), Step(float(LATE_SECONDS), "orange"), Step(PATIENCE_SECONDS, "red"))
"""Of a p99, for 99 of 100 first tokens are promised within the first of these (``chat-ttft``)."""


def regions_and_models(id: int) -> Any:
    """Return the table of regions and models, the worst of them where there are many."""
    fastest, *_ = read_tiers()
    window = fastest.long_window
    ask = Places(fastest)
    return joined_table(
        About(
            id, "Regions and models",
            "Each region's model in one row: what can serve, what users feel, what is left. Those "
            "of which no group can serve first, then those whose requests have vanished, then by "
            "burn. It burns where the fastest page of an objective fires; failures and waits are "
            "coloured by what the library promises of chats. "
            f"At most {SHOWN_ROWS}. A click on a budget opens the objectives.",
            "short", "Nothing is recorded of cells",
            overrides=(
                linked_column("budget left", "Open objectives", of_row(links.SLO_BOARD, _HERE)),
            ),
        ),
        _HERE,
        (
            Column("state", ask.standing, "short", decimals=0, meanings=STANDINGS),
            Column(f"burn {window}", ask.burn, "short", burn_steps((fastest,)), 1),
            Column("budget left", ask.budget, "percentunit", BUDGET_STEPS, 0),
            Column("errors", ask.errors, "percentunit", _failing(fastest), 2),
            Column("TTFT p99", ask.slow, "s", _WAITS, 2),
            Column("can serve", ask.capacity, "percentunit", CAPACITY_STEPS, 0),
            Column("not up", ask.not_up, "short", NONE_IS_GOOD, 0, zero=NO_ZERO),
            Column(
                "GPUs missing", ask.gpus_missing, "short", NONE_IS_GOOD, 0, zero=NO_ZERO
            ),
            Column("requests", ask.requests, "reqps", decimals=1),
            Column("waiting", ask.waiting, "short", decimals=0, zero=NO_ZERO),
        ),
        (Order("state", descending=True), Order(f"burn {window}", descending=True)),
        only_of_first=True,
    )  # fmt: skip
