"""Cells of known error ratios through the real rules, and what is made of that."""

import asyncio

import pytest

from demo.lab.burns.cells import FAST, Cell
from demo.lab.burns.playing import OBJECTIVES, ONSET, Burn, BurnTable, play
from demo.lab.burns.table import burn_blocks
from slo.benching.server import empty_server

FASTEST = OBJECTIVES[0].tiers[0]


def burn(theory: float | None, fired: float | None, cell: Cell = FAST[0]) -> Burn:
    """Return what the fastest tier did in a cell."""
    return Burn(cell, 0, FASTEST, theory, fired, None, None)


def test_an_outage_pages_within_a_minute_of_the_theory():
    """In the fastest tier, through all rules."""

    async def outage():
        async with empty_server() as client:
            return await play(client, [FAST[0]])

    fired = [each for each in asyncio.run(outage()) if each.labels.get("burn_tier") == "1h"]

    assert {"burned", "burned-often"} == {each.labels["slo"] for each in fired}
    assert all(48 <= each.firing_at - ONSET <= 108 for each in fired)


@pytest.mark.parametrize(
    ("theory", "fired", "right"),
    [(49.0, 80.0, True), (49.0, None, False), (None, 80.0, False), (None, None, True),
     (49.0, 20.0, False)],
)  # fmt: skip
def test_a_burn_is_right_if_it_fires_when_it_should_and_not_before(theory, fired, right):
    """And not at all where it should not."""
    assert right is burn(theory, fired).is_right


def test_the_worst_is_infinite_where_an_alert_did_not_come():
    """A page that is missing is no fast one."""
    assert 31.0 == BurnTable([burn(49.0, 80.0), burn(None, None)], {}).worst_over_theory_seconds(
        FASTEST.severity
    )
    missed = BurnTable([burn(49.0, 80.0), burn(49.0, None)], {})
    assert float("inf") == missed.worst_over_theory_seconds(FASTEST.severity)


def test_of_four_moments_of_an_interval_the_latest_stands_in_the_table():
    """And what fires nowhere stands below it."""
    at_once, later = FAST[0], FAST[1]
    silent = next(each for each in FAST if each.name == "five minutes of 10 %")
    found = BurnTable(
        [burn(49.0, 80.0, at_once), burn(49.0, 91.0, later), burn(None, None, silent)], {}
    )

    _, _, table, never = burn_blocks(found)

    assert (
        "| 100 % | any | 1h | page | 49 s | 91 s | 42 s |  |  | as it should |"
        == (table.splitlines()[2])
    )
    assert 3 == len(table.splitlines())
    assert "Nothing fires, and nothing should: five minutes of 10 %." == never
