"""Labels that a series has not got for sure: mistyped, or of the target."""

import promql_parser
import pytest

from alerts.lint.mistyped import meant
from alerts.lint.rules import Rules, Setting

SERIES = 'shardwatch_group_state{state="dead"}'


def asked(label: str, expr: str = SERIES, **setting: object) -> str | None:
    """Return what a label of an expression is meant to be."""
    return meant(label, promql_parser.parse(expr), Rules([], Setting(**setting)))


@pytest.mark.parametrize(
    ("label", "expected"), [("clster", "cluster"), ("regon", "region"), ("groups", "group")]
)
def test_a_label_that_looks_like_one_of_the_series_is_that(label, expected):
    """With a letter too few or too many."""
    assert expected == asked(label)


@pytest.mark.parametrize(
    "label", ["namespace", "pod", "node", "cluster_id", "host", "cluster", "gpu", "service", "zone"]
)
def test_a_label_of_its_own_is_not_accused(label):
    """Scrapes attach it, or the series has it, or others do."""
    assert asked(label) is None


def test_a_label_as_dcgm_exporter_called_it_before_is_not_accused():
    """Most that run write it; of other series it is a mistake as well."""
    assert asked("Hostname", "DCGM_FI_DEV_GPU_TEMP") is None
    assert "hostname" == asked("hostnme", "DCGM_FI_DEV_GPU_TEMP")


def test_a_label_that_is_said_to_be_attached_is_not_accused():
    """Whatever it looks like."""
    assert asked("clster", target_labels=frozenset({"clster"})) is None


@pytest.mark.parametrize(
    "expr", ['x{cluster="a"}', f"{SERIES} * on (cluster) group_left () x", f"sum({SERIES})"]
)
def test_of_series_that_are_not_all_known_nothing_is_said(expr):
    """Nor of labels that are gone."""
    assert asked("clster", expr) is None
