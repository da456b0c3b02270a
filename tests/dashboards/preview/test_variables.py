"""Variables: what they offer, what is chosen, what stands for them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from dashboards.preview.times import Range
from dashboards.preview.variables import chosen_alone, resolve, settled
from slo.prometheus import PrometheusUnreachableError, Sample

HOUR = Range(0, 3600)


class Labels:
    """Knows the values of some labels, and what it was asked."""

    def __init__(self, **values: list[str]) -> None:
        self.values = values
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def label_values(
        self, label: str, selectors: Sequence[str], start: float | None, end: float | None
    ) -> list[str]:
        """Return what was given."""
        self.asked.append((label, tuple(selectors)))
        return self.values.get(label, [])

    async def labels(self, selectors: Sequence[str]) -> list[str]:
        """Return their names."""
        return sorted(self.values)

    async def query(self, expr: str, time: float | None) -> list[Sample]:
        """Return a sample that tells of the query."""
        return [Sample({"__name__": "up", "job": expr}, 1)]


class Gone(Labels):
    """Does not answer."""

    async def label_values(self, *_: Any) -> list[str]:
        """Fail."""
        raise PrometheusUnreachableError("http://p does not answer: refused")


def query(name: str, text: str, **more: Any) -> dict[str, Any]:
    """Return a variable that asks."""
    return {"name": name, "type": "query", "query": {"query": text}, **more}


async def test_a_variable_is_narrowed_by_those_before_it():
    """As our boards' models are by region."""
    prometheus = Labels(region=["eu", "us"], model=["chat"])
    variables = [
        query("region", "label_values(x, region)", multi=True, includeAll=True, allValue=".*"),
        query("model", 'label_values(x{region=~"$region"}, model)', multi=True, includeAll=True),
    ]
    region, model = await resolve(
        variables, {"region": ["eu"], "model": ["$__all"]}, HOUR, prometheus, "http://p"
    )
    assert [("region", ("x",)), ("model", ('x{region=~"eu"}',))] == prometheus.asked
    assert (["eu"], ["$__all"]) == (region.chosen, model.chosen)
    assert ("chat",) == model.standing.values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label_values(region)", ["eu", "us"]),
        ('label_values(x{a="b, c"}, region)', ["eu", "us"]),
        ("label_names(^m)", ["model"]),
        ("query_result(up)", ['up{job="up"} 1']),
    ],
)
async def test_every_query_for_variables_is_understood(text: str, expected: list[str]):
    """Those of Grafana's Prometheus data source."""
    prometheus = Labels(region=["eu", "us"], model=[])
    (found,) = await resolve([query("v", text)], {}, HOUR, prometheus, "http://p")
    assert expected == [value for value, _ in found.options]


@pytest.mark.parametrize(
    ("regex", "sort", "expected"),
    [
        ("/^(.*)-b/", 0, [("a10", "a10"), ("a9", "a9")]),
        ("", 3, [("a9-b", "a9-b"), ("a10-b", "a10-b")]),
        ("", 2, [("a9-b", "a9-b"), ("a10-b", "a10-b")]),
        (r"/\p{L}+/", 0, None),
        ("/(?<text>..).*/", 0, [("a1", "a1"), ("a9", "a9")]),
        ("/(?P<text>a1)(?P<value>.*)/", 0, [("0-b", "a1")]),
    ],
)
async def test_offers_are_cut_out_and_sorted(
    regex: str, sort: int, expected: list[tuple[str, str]] | None
):
    """By a regular expression; one of another dialect changes nothing."""
    prometheus = Labels(g=["a10-b", "a9-b"])
    variable = query("v", "label_values(g)", regex=regex, sort=sort)
    (found,) = await resolve([variable], {}, HOUR, prometheus, "http://p")
    assert (expected or [("a10-b", "a10-b"), ("a9-b", "a9-b")]) == list(found.options)


async def test_without_prometheus_the_choice_stands_and_the_reason_is_told():
    """All is everything then, so that panels come back by themselves."""
    variable = query("region", "label_values(x, region)", multi=True, includeAll=True)
    (found,) = await resolve([variable], {}, HOUR, Gone(), "http://p")
    assert ("http://p does not answer: refused", (".*",)) == (
        found.problem, found.standing.values
    )  # fmt: skip
    (chosen,) = await resolve([variable], {"region": ["eu"]}, HOUR, Gone(), "http://p")
    assert ("eu",) == chosen.standing.values


async def test_values_that_stand_in_the_dashboard_are_offered():
    """Custom, interval, text and constant; a constant cannot be changed by an address."""
    variables = [
        {"name": "a", "type": "custom", "query": "one : 1,two,with\\,comma"},
        {"name": "b", "type": "interval", "query": "1m,5m", "current": {"value": "5m"}},
        {"name": "c", "type": "textbox", "query": "x"},
        {"name": "d", "type": "constant", "query": "fixed"},
        {"name": "e", "type": "adhoc"},
    ]
    asked = {"c": ["typed"], "d": ["changed"]}
    a, b, c, d, e = await resolve(variables, asked, HOUR, Labels(), "http://p")
    assert [("1", "one"), ("two", "two"), ("with,comma", "with,comma")] == list(a.options)
    assert (["1"], ["5m"], ["typed"], ["fixed"]) == (a.chosen, b.chosen, c.chosen, d.chosen)
    assert "The preview knows no variables of type adhoc." == e.problem
    assert d.is_hidden


async def test_a_data_source_is_the_one_that_there_is_and_links_keep_what_was_chosen():
    """Whoever comes from Grafana and goes back finds their own again."""
    variable = {"name": "datasource", "type": "datasource", "query": "prometheus",
                "current": {"value": "shardwatch-prometheus"}}  # fmt: skip
    (found,) = await resolve([variable], {"datasource": ["mine"]}, HOUR, Labels(), "http://p")
    assert (["mine"], [("mine", "Prometheus at http://p")]) == (found.chosen, list(found.options))


def test_what_a_browser_sends_stands_for_all_where_the_dashboard_names_nothing():
    """All values that it was offered, each escaped."""
    variable = query("g", "label_values(g)", multi=True, includeAll=True)
    (found,) = chosen_alone([variable], {"g": ["$__all"]}, {"g": ["a.b", "c"]})
    assert (("a.b", "c"), True, True) == (
        found.standing.values, found.standing.is_pattern, found.standing.is_all
    )  # fmt: skip


def test_a_variable_without_a_name_or_of_a_wrong_shape_is_no_variable():
    """Others stay."""
    assert ["a"] == [each.name for each in chosen_alone([{}, {"name": 3.5, "type": []},
                                                         {"name": "a", "current": 4}], {}, {})
                     if each.name == "a"]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "asked"),
    {
        "an address that chooses": ({}, {"v": ["a"]}),
        "all, which the dashboard names": (
            {"includeAll": True, "multi": True, "allValue": ".*", "current": {"value": ["$__all"]}},
            {},
        ),
        "all of one without a choice": ({"includeAll": True, "allValue": ".+"}, {}),
        "what stands in the dashboard": ({"type": "custom", "query": "a,b"}, {}),
        "a data source": (
            {"type": "datasource", "query": "prometheus", "current": {"value": "mine"}},
            {},
        ),
    }.values(),
)
async def test_what_depends_on_no_offer_is_known_before_it(more: Any, asked: Any):
    """The same stands for a variable as once its offer is known."""
    variable = query("v", "label_values(v)", **more)
    known = settled([variable], asked, "http://p")
    (later,) = await resolve([variable], asked, HOUR, Labels(v=["a", "b"]), "http://p")
    assert known is not None
    assert [later.standing] == [each.standing for each in known]
    assert [list(later.chosen)] == [list(each.chosen) for each in known]


@pytest.mark.parametrize(
    ("more", "asked"),
    {
        "the first that is offered": ({}, {}),
        "all that is offered": ({"includeAll": True}, {"v": ["$__all"]}),
        "its own choice while it is offered": (
            {"includeAll": True, "allValue": ".*", "current": {"value": ["a"]}},
            {},
        ),
    }.values(),
)
def test_what_depends_on_an_offer_waits_for_it(more: Any, asked: Any):
    """As does every panel, for any of them may read it."""
    others = {"name": "c", "type": "custom", "query": "a,b"}
    assert settled([others, query("v", "label_values(v)", **more)], asked, "http://p") is None


async def test_variables_are_asked_for_at_once_unless_one_needs_another():
    """A slow server is waited for once, not once a variable."""
    under_way: list[str] = []
    most = 0

    class Slow(Labels):
        async def label_values(self, label: str, *others: Any) -> list[str]:
            nonlocal most
            under_way.append(label)
            most = max(most, len(under_way))
            assert not {"region", "model"} <= set(under_way)
            await asyncio.sleep(0.01)
            under_way.remove(label)
            return [label]

    variables = [
        query("region", "label_values(x, region)"),
        query("model", 'label_values(x{region="$region"}, model)'),
        query("host", "label_values(x, host)"),
        query("tool", "label_values(x, tool)"),
    ]
    found = await resolve(variables, {}, HOUR, Slow(), "http://p")
    assert ["region", "model", "host", "tool"] == [each.name for each in found]
    assert 3 == most
