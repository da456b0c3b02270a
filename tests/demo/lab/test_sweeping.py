"""What is found when every query of every board is asked in a fault."""

import asyncio
import json
from collections.abc import Sequence

from dashboards.asking import PanelQuery
from dashboards.build import build_boards
from demo.lab.sweeping import MOST_SERIES, Swept, every_query, middle_of, sweep
from demo.scenario import find_scenario, read_scenario
from slo.prometheus import PrometheusClient, PrometheusRefusedError, Sample


class Stand(PrometheusClient):
    """A stand-in for a server that gives the same to every instant query."""

    def __init__(self, values: Sequence[float], refusal: str = "") -> None:
        super().__init__("http://127.0.0.1:1")
        self.values, self.refusal = values, refusal
        self.asked = 0

    async def query(self, expr: str, time: float | None = None) -> list[Sample]:
        """Return the values, or refuse."""
        self.asked += 1
        if self.refusal:
            raise PrometheusRefusedError(self.refusal)
        return [Sample({"at": str(at)}, each) for at, each in enumerate(self.values)]


def swept(values: Sequence[float], refusal: str = "") -> Swept:
    """Return what is found of one instant query."""
    query = PanelQuery("b", "Panel", "A", "up", may_be_empty=False, instant=True)
    return asyncio.run(sweep(Stand(values, refusal), [query], 0.0))


def test_what_is_refused_is_told_with_its_board_and_panel() -> None:
    """And nothing else of it."""
    found = swept([], refusal="many-to-many matching not allowed")
    assert 1 == found.asked
    assert ["b: Panel, A"] == [each.rpartition(": ")[0] for each in found.failed]


def test_what_two_panels_ask_is_asked_once_and_told_of_both() -> None:
    """Boards share some of their panels."""
    server = Stand([], refusal="no")
    one, two = (
        PanelQuery(board, "Panel", "A", "up", may_be_empty=False, instant=True) for board in "bc"
    )

    found = asyncio.run(sweep(server, [one, two], 0.0))

    assert (1, 2) == (server.asked, found.asked)
    assert ["b: Panel, A: no", "c: Panel, A: no"] == list(found.failed)


def test_nothing_and_numbers_can_be_drawn() -> None:
    """In a fault much is gone."""
    assert () == tuple(swept([]).failed)
    assert () == tuple(swept([1.0, float("nan")]).failed)


def test_no_number_and_too_many_series_cannot_be_drawn() -> None:
    """NaN alone is an empty panel that does not say so."""
    assert ["b: Panel, A: found no number in 1 series"] == list(swept([float("nan")]).failed)
    assert "series, expected at most" in swept([1.0] * (MOST_SERIES + 1)).failed[0]


def test_all_queries_of_all_boards_are_asked_of_one_group_and_one_host() -> None:
    """Whatever the boards are about."""
    boards = [json.loads(each) for each in build_boards().values()]
    queries = every_query(boards, "eu-chat-0", "eu-chat-0-h0")
    assert len(queries) > 500
    assert not any("$group" in each.expr or "$__" in each.expr for each in queries)
    assert any('group=~"eu-chat-0"' in each.expr for each in queries)


def test_it_is_asked_while_the_first_fault_is_there() -> None:
    """In its middle, or in that of what is watched of it."""
    scenario = read_scenario(find_scenario("gpu-lost"))
    length = scenario.faults[0].length
    assert length is not None
    assert 100 + length / 2 == middle_of(scenario, 100, 100 + 2 * length)
    assert 101 == middle_of(scenario, 100, 102)
