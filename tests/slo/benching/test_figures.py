"""The arithmetic of the bench: thresholds, percentiles, pages, and what is compared with what."""

from decimal import Decimal

import numpy as np
import pytest

from exporters.config import read_config
from slo.benching import errors, paging
from slo.benching.errors import percentile_95, thresholds
from slo.benching.generating import RULES_OF_EACH, write_project
from slo.benching.paging import ERROR_RATIOS, PHASES, SCRAPE_SECONDS, onset_of, seconds_beyond
from slo.benching.raw_windows import error_ratio, mean_of_ratios, seven_windows
from slo.benching.samples import Reads
from slo.objectives import read_objectives
from slo.rules import levels_group, objective_group


def test_an_error_weighs_against_the_lowest_threshold_that_its_window_has():
    """Six hours are the long window of a page at 5.6 and the short one of a ticket at 1."""
    found = thresholds(errors.OBJECTIVE)

    assert ["1h", "6h", "1d", "2h", "3d"] == [label for label, _ in found.values()]
    assert {
        3600: 0.01344,
        7200: 0.0028,
        21600: 0.001,
        86400: 0.0028,
        259200: 0.001,
    } == pytest.approx({window: ratio for window, (_, ratio) in found.items()})


def test_too_low_is_as_wrong_as_too_high():
    """Of 101 errors the 96th, by size."""
    assert 0.95 == pytest.approx(percentile_95(np.linspace(-1, 0, 101)))


def test_a_page_is_late_by_what_the_burn_does_not_explain():
    """At 100 % and 13.44 times 0.1 % over an hour, 48.384 s are theory."""
    assert 26.616 == pytest.approx(seconds_beyond(1075.0, Decimal(1), 1000.0))
    assert 26.232 == pytest.approx(seconds_beyond(1123.0, Decimal("0.5"), 1000.0))


@pytest.mark.parametrize("paged_at", [None, 999.0])
def test_a_page_that_does_not_come_or_comes_too_soon_is_no_page(paged_at):
    """It would make a fine figure."""
    with pytest.raises(ValueError, match="expected one after"):
        seconds_beyond(paged_at, Decimal(1), 1000.0)


def test_errors_begin_at_moments_all_over_an_interval():
    """And every share of errors would page in theory."""
    onsets = [onset_of(0, phase) % SCRAPE_SECONDS for phase in range(PHASES)]
    assert len(set(onsets)) == PHASES
    assert np.diff(onsets) == pytest.approx(SCRAPE_SECONDS / PHASES)
    assert all(seconds_beyond(1e6, ratio, 0.0) > 0 for ratio in ERROR_RATIOS)


def test_raw_windows_are_error_ratios_over_whole_windows():
    """Seven of them, and a period that is a mean."""
    expected = (
        'sum by (model) (rate(fleet_requests_total{outcome="error"}[3d]))',
        "sum by (model) (rate(fleet_requests_total[3d]))",
    )
    indicator = paging.OBJECTIVE.indicator

    assert "({})\n/\n({})".format(*expected) == error_ratio(
        errors.OBJECTIVE.indicator, "model", 259200
    )
    assert 7 == len(set(seven_windows(indicator, "cell")))
    assert "sum_over_time(x[28d])\n/\ncount_over_time(x[28d])" == mean_of_ratios("x", 28 * 86400)


def test_reads_are_compared_as_a_share():
    """Ours over theirs."""
    assert 0.25 == Reads(rules=5, raw_windows=20).ratio


def test_generated_objectives_are_all_there(tmp_path):
    """Each with as many rules as the bench counts."""
    objectives = read_objectives(read_config(write_project(tmp_path, 3)))

    groups = [group(each, 15) for each in objectives for group in (objective_group, levels_group)]
    assert 3 * RULES_OF_EACH == sum(len(each.rules) for each in groups)
