"""Labels of expressions: what is said to be there, perhaps there or never is so in Prometheus."""

import asyncio
import itertools
import time

import numpy as np
import promql_parser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.lint.label_sets import ANYTHING, NAME, LabelSet, made
from alerts.lint.labels import LabelFlow
from alerts.lint.names import Names
from alerts.lint.recorded import Recording, follow
from demo.setup.programs import find_program
from slo.prometheus import PrometheusClient, PrometheusRefusedError
from slo.series import Series
from slo.testing import running_prometheus

LABELS = {"a": ("cell", "job"), "b": ("cell", "user"), "c": ("cell", "job", "user"), "d": ()}
"""Of series that are known; ``e`` has any."""


def labels_of(name):
    """Those of a test's series."""
    if name not in LABELS:
        return [ANYTHING]
    return [made(LABELS[name], Names.of(LABELS[name]))]


def flow(expr: str) -> LabelSet | None:
    """Of an expression over these series."""
    return LabelFlow(labels_of).of(promql_parser.parse(expr))


KNOWN = {
    "a": "cell job",
    "a > 1": "cell job",
    "1 + a": "cell job",
    "-a": "cell job",
    'a{cell="x"}': "cell=x job",
    'a{cell=""}': None,
    'a{cell="x",cell="y"}': None,
    'a{cell="x",cell=~"y|z"}': None,
    'a{cell="x",cell!="x"}': None,
    'a{zone="x"}': None,
    'a{zone!="x"}': "cell job",
    "a[5m:1m]": "cell job",
    "rate(a[5m])": "cell job",
    "sum(a)": "",
    "sum by (cell) (a)": "cell",
    "sum by (cell, zone) (a)": "cell",
    "sum without (cell) (a)": "job",
    "topk by (cell) (3, a)": "cell job",
    'count_values("n", a)': "n",
    'count_values by (cell) ("n", a)': "cell n",
    "sum by (cell) (e)": "cell?",
    'sum by (cell) (e{cell="x"})': "cell=x",
    "a + a": "cell job",
    "a + b": None,
    "a + on (cell) b": "cell",
    "a + ignoring (job, user) b": "cell",
    "a * on (cell) group_left (user) b": "cell job user",
    "a * on (cell) group_left () b": "cell job",
    "a * on (cell) group_left (job) b": "cell",
    "a * on (cell) group_right () b": "cell user",
    "a + on (user) b": None,
    "a and b": None,
    "a and on (cell) b": "cell job",
    'a and on (cell) b{cell="x"}': "cell=x job",
    'a{cell="y"} and on (cell) b{cell="x"}': None,
    "a and on () b": "cell job",
    "a and on (user) b": None,
    "a unless b": "cell job",
    "a or b": "cell job? user?",
    'a{cell="x"} or b{cell="x"}': "cell=x job? user?",
    'a{cell="x"} or d': "cell?=x job?",
    "sum by (cell) (a) or vector(0)": "cell?",
    "vector(1)": "",
    "time() > bool 1": "",
    "hour()": "",
    "hour(a)": "cell job",
    "absent(a)": "",
    'absent(a{cell="x",job=~"y"})': "cell=x job?",
    'absent(sum by (cell) (a{cell="x"}))': "",
    'histogram_quantile(0.9, sum by (cell, le) (e{le!="",cell!=""}))': "cell",
    'label_replace(a, "zone", "z", "", "")': "cell job zone?",
    'label_replace(a, "zone", "z", "cell", ".*")': "cell job zone=z",
    'label_replace(a, "zone", "$1", "cell", "(.*)")': "cell job zone",
    'label_replace(a, "zone", "$1", "user", "(.*)")': "cell job zone?",
    'label_replace(a, "zone", "z", "cell", "x")': "cell job zone?",
    'label_replace(a, "job", "", "", ".*")': "cell",
    'label_join(a, "zone", "-", "cell", "user")': "cell job zone",
    'label_join(a, "zone", "", "user")': "cell job",
}
"""The labels of an expression: ``x`` is on each element, ``x?`` on some, ``x=v`` has one value;
None where there can be no element."""


@pytest.mark.parametrize("expr", KNOWN)
def test_the_labels_of_an_expression_are_those_that_the_engine_gives(expr):
    """Those that all elements have, and those that some may have."""
    found = flow(expr)
    if KNOWN[expr] is None:
        assert found is None
        return
    parts = [each.partition("=")[::2] for each in KNOWN[expr].split()]
    assert found is not None
    assert {name for name, _ in parts if not name.endswith("?")} == found.sure
    assert {name.rstrip("?") for name, _ in parts} == found.may.listed
    assert found.is_known
    assert {(name.rstrip("?"), value) for name, value in parts if value} == found.constants


def test_what_is_not_known_may_have_any_label():
    """But for those that a matcher or an operator takes away."""
    assert "zone" in flow("e").may
    assert flow("e and on (cell) a").sure == {"cell"}
    assert "user" not in flow("e and a").may
    assert "zone" not in flow('e{zone=""}').may
    assert "zone" in flow("sum without (cell) (e)").may
    assert "cell" not in flow("sum without (cell) (e)").may


@pytest.fixture(scope="module")
def recorded():
    """The flow of rules that read each other, and themselves."""
    rules = [
        ("r", "sum by (cell) (a)", {"window": "5m"}),
        ("r", "sum by (job) (a)", {"window": "1h"}),
        ("state", "sum by (cell) (a) or state", {}),
        ("first", 'second{x="1"}', {"x": "2"}),
        ("second", "sum by (cell) (a)", {"x": "1"}),
        ("nothing", "nothing + 1", {}),
        ("dropped", "a", {"job": ""}),
        ("grows", 'a or label_replace(grows, "zone", "$1", "cell", "(.*)")', {}),
    ]
    parsed = [Recording(name, promql_parser.parse(expr), labels) for name, expr, labels in rules]
    return follow(parsed, labels_of)


@pytest.mark.parametrize(
    ("expr", "sure", "may"),
    [
        ("r", {"window"}, {"window", "cell", "job"}),
        ('r{window="5m"}', {"window", "cell"}, {"window", "cell"}),
        ('r{window!="5m"}', {"window", "job"}, {"window", "job"}),
        ("state", {"cell"}, {"cell"}),
        ("first", {"cell", "x"}, {"cell", "x"}),
        ("dropped", {"cell"}, {"cell"}),
        ("grows", {"cell", "job"}, {"cell", "job", "zone"}),
    ],
)
def test_a_recorded_series_has_the_labels_of_its_rules(recorded, expr, sure, may):
    """Those of the rules that a selector can mean."""
    found = recorded.of(promql_parser.parse(expr))
    assert (sure, may) == (found.sure, found.may.listed)


@pytest.mark.parametrize("expr", ["nothing", 'r{window="2h"}', 'first{x="1"}'])
def test_what_no_rule_records_has_no_element(recorded, expr):
    """Neither what only reads itself, nor what has another value."""
    assert recorded.of(promql_parser.parse(expr)) is None


VALUES = {"cell": ("x", "y"), "job": ("p", "q"), "user": ("u", "v")}
_NAMES = st.lists(st.sampled_from(["cell", "job", "user", "zone"]), max_size=3, unique=True).map(
    ", ".join
)
_MATCHERS = st.sampled_from(
    ['{cell="x"}', '{cell="x",job!="p"}', '{job=~"p|q"}', '{zone=""}', '{cell!="",user=""}', ""]
)
_SELECTORS = st.builds("{}{}".format, st.sampled_from([*LABELS, "e"]), _MATCHERS)


def _larger(smaller):
    matching = st.builds("{} ({})".format, st.sampled_from(["on", "ignoring"]), _NAMES)
    side = st.builds("{} ({})".format, st.sampled_from(["group_left", "group_right"]), _NAMES)
    return st.one_of(
        st.builds("sum {} ({}) ({})".format, st.sampled_from(["by", "without"]), _NAMES, smaller),
        st.builds('count_values by ({}) ("zone", {})'.format, _NAMES, smaller),
        st.builds("topk by ({}) (1, {})".format, _NAMES, smaller),
        st.builds(
            "({}) {} {} ({})".format,
            smaller,
            st.sampled_from(["and", "or", "unless", "+", "> bool"]),
            st.one_of(st.just(""), matching),
            smaller,
        ),
        st.builds("({}) * {} {} ({})".format, smaller, matching, side, smaller),
        st.builds("absent({})".format, smaller),
        st.builds("({}) or vector(1)".format, smaller),
        st.builds(
            'label_replace({}, "{}", "{}", "{}", "{}")'.format,
            smaller,
            st.sampled_from(["zone", "job"]),
            st.sampled_from(["", "z", "$1", "z$1"]),
            st.sampled_from(["cell", "user", "zone"]),
            st.sampled_from(["(.*)", "(.+)", "x", ""]),
        ),
        st.builds(
            'label_join({}, "{}", "{}", "{}", "{}")'.format,
            smaller,
            st.sampled_from(["zone", "cell"]),
            st.sampled_from(["", "-"]),
            st.sampled_from(["job", "zone"]),
            st.sampled_from(["cell", "user"]),
        ),
    )


EXPRESSIONS = st.recursive(_SELECTORS, _larger, max_leaves=4)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """The address of a Prometheus that has every series that the labels allow, and its time."""
    folder = tmp_path_factory.mktemp("prometheus")
    now = time.time()
    named = {**LABELS, "e": ("job",)}
    series = [
        Series(
            {NAME: name, **dict(zip(labels, values, strict=True))},
            np.array([int(now * 1000)]),
            np.array([float(number)]),
        )
        for name, labels in named.items()
        for number, values in enumerate(itertools.product(*(VALUES[each] for each in labels)))
    ]

    async def write(url):
        async with PrometheusClient(url) as client:
            await client.remote_write(series)

    with running_prometheus(find_program("prometheus"), folder) as url:
        asyncio.run(write(url))
        yield url, now


def test_random_expressions_have_the_labels_that_are_said(prometheus):
    """Those of a real Prometheus's results: sure ones on each, none that there cannot be."""
    url, now = prometheus
    seen = {"elements": 0}

    @settings(
        max_examples=500,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(EXPRESSIONS)
    def try_one(expr):
        try:
            elements = loop.run_until_complete(client.query(expr, now))
        except PrometheusRefusedError:
            return  # several match one, or one label set twice
        said = flow(expr)
        seen["elements"] += len(elements)
        for element in elements:
            labels = {name for name in element.labels if name != NAME}
            assert said is not None, expr
            assert said.sure <= labels, expr
            assert said.may.among(labels) == labels, expr
            for name, value in said.constants:
                assert element.labels.get(name, value) == value, expr

    client = PrometheusClient(url)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.__aenter__())
        try_one()
        loop.run_until_complete(client.__aexit__(None, None, None))
    finally:
        loop.close()
    assert seen["elements"] > 300
