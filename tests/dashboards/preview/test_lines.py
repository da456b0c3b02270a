"""Lines: their names, their values on a grid, one number of them."""

import numpy as np
import pytest

from dashboards.preview.lines import as_json, name_lines, put_on_grid, reduce_values
from slo.series import Series


@pytest.mark.parametrize(
    ("legend", "labels", "expected"),
    [
        ("{{region}} {{ model }}", [{"region": "eu", "model": "chat"}, {"region": "us"}],
         ["eu chat", "us"]),
        ("", [{"__name__": "up", "job": "a"}], ['up{job="a"}']),
        ("", [{}], ["Value"]),
        ("__auto", [{"a": "1", "b": "x"}, {"a": "1", "b": "y"}], ["x", "y"]),
        ("__auto", [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}],
         ['{a="1", b="x"}', '{a="2", b="y"}']),
    ],
)  # fmt: skip
def test_a_series_is_named_by_its_legend(
    legend: str, labels: list[dict[str, str]], expected: list[str]
):
    """Or by the one label that tells it from the others, or by all."""
    assert expected == name_lines(legend, labels)


def test_values_stand_at_their_times_and_nothing_stands_between():
    """A gap of Prometheus's is a gap of the graph's."""
    series = Series({}, np.array([60_000, 180_000]), np.array([1.0, 3.0]))
    times = np.array([0.0, 60, 120, 180])
    assert [None, 1.0, None, 3.0] == as_json(put_on_grid(series, times))


@pytest.mark.parametrize(
    ("calculation", "expected"),
    [("lastNotNull", 3), ("last", None), ("first", 1), ("min", 1), ("max", 5), ("mean", 3),
     ("sum", 9), ("range", 4), ("diff", 2), ("delta", 4), ("count", 4), ("unheard of", 3)],
)  # fmt: skip
def test_a_line_is_reduced_as_grafana_does(calculation: str, expected: float | None):
    """Gaps count in none but the last, the first and the count."""
    assert expected == reduce_values(np.array([1.0, 5.0, 3.0, np.nan]), calculation)


def test_of_nothing_there_is_no_number():
    """Not 0."""
    assert reduce_values(np.array([np.nan]), "sum") is None
    assert reduce_values(np.array([]), "lastNotNull") is None


def test_what_is_no_finite_number_is_null_in_json():
    """JSON knows no NaN, and a browser would fail at it."""
    assert [None, None, 0.1] == as_json(np.array([np.nan, np.inf, 0.1]))
