"""Variables of which one is chosen: what is wrong stands first, for that one is opened."""

from collections.abc import Sequence
from string import Template
from typing import Any

import pytest

from dashboards.asking import EVERYTHING
from dashboards.preview.offers import offered_values
from dashboards.preview.times import Range
from dashboards.variables import GROUP, HOST, Choice, choice_variable
from exporters import catalog
from slo.prometheus import Sample
from tests.dashboards.recording import CELL, hold, series
from tests.dashboards.test_boards import by_uid


class Known:
    """A Prometheus that gives the same series for every query."""

    def __init__(self, labels: Sequence[dict[str, str]]) -> None:
        """Keep the labels of the series."""
        self.samples = [Sample(each, 1.0) for each in labels]

    async def query(self, expr: str, time: float | None) -> list[Sample]:
        """Return the series."""
        return self.samples

    async def label_values(self, *_: Any) -> list[str]:
        """Refuse: these variables ask for no labels."""
        raise AssertionError

    async def labels(self, *_: Any) -> list[str]:
        """Refuse as well."""
        raise AssertionError


def expr_of(choice: Choice) -> str:
    """Return what a variable asks for, of everything there is."""
    query = choice_variable(choice)["query"]["query"]
    expr = query.removeprefix("query_result(").removesuffix(")")
    return Template(expr).safe_substitute(EVERYTHING)


def test_every_group_is_offered_once_and_those_that_serve_nothing_or_less_are_marked(tmp_path):
    """By one query, whatever cells they are of."""
    states = {"b0": "dead", "b1": "stalled", "b2": "degraded", "b3": "up", "b4": "starting"}
    inputs = {}
    for name, current in states.items():
        labels = {**CELL, "group": name}
        inputs[series(catalog.GROUP_INFO.name, labels, revision="r1")] = "1x20"
        for state in catalog.GROUP_STATES:
            is_it = int(state == current)
            inputs[series(catalog.GROUP_STATE.name, labels, state=state)] = f"{is_it}x20"
    shown = {"b0": "! dead b0", "b1": "! stalled b1", "b2": "(degraded) b2", "b3": "b3", "b4": "b4"}
    expected = {series("", {"group": name}, shown=said): 1 for name, said in shown.items()}
    hold(tmp_path, [], inputs, {expr_of(GROUP): expected}, at="60s")


def test_hosts_with_a_gpu_that_is_worth_a_page_are_marked(tmp_path):
    """Of its GPUs by the most urgent one."""
    inputs = {}
    for host, severities in {"h0": ("none", "page", "ticket"), "h1": ("ticket",), "h2": ()}.items():
        for at, severity in enumerate((*severities, "none")):
            labels = {**CELL, "group": "g", "host": host, "uuid": f"{host}-{at}"}
            inputs[series(catalog.GPU_UP.name, labels)] = "1x20"
            inputs[series(catalog.GPU_VERDICT.name, labels, severity=severity, action="a")] = "1x20"
    shown = {"h0": "! page h0", "h1": "(ticket) h1", "h2": "h2"}
    expected = {series("", {"host": name}, shown=said): 1 for name, said in shown.items()}
    hold(tmp_path, [], inputs, {expr_of(HOST): expected}, at="60s")


@pytest.mark.parametrize("choice", [GROUP, HOST])
async def test_what_is_marked_is_offered_first_and_the_first_is_what_is_opened(choice):
    """As Grafana sorts texts, before numbers and letters; what is chosen is the name alone."""
    signs = [each.sign for each in choice.marked]
    names = ["10.0.0.1", "a", "z2", "z1", "z0"][: 2 + len(signs)]
    bad = dict(zip(reversed(names), signs, strict=False))
    labels = [
        {choice.name: name, "shown": f"{bad[name]} {name}" if name in bad else name}
        for name in names
    ]
    offered = await offered_values(choice_variable(choice), {}, Range(0, 60), Known(labels))
    assert [*bad, "10.0.0.1", "a"] == [value for value, _ in offered]
    assert [f"{bad[name]} {name}" for name in bad] == [text for _, text in offered[: len(bad)]]


@pytest.mark.parametrize(("board", "name"), [("group", "group"), ("gpu", "host")])
def test_boards_of_one_open_on_one_that_is_marked(boards, board, name):
    """Sorted by its text, and by a query that marks."""
    (variable,) = [
        each for each in by_uid(boards, board)["templating"]["list"] if each["name"] == name
    ]
    assert (1, 3) == (variable["sort"], variable["query"]["qryType"])
    assert "! " in variable["definition"]
