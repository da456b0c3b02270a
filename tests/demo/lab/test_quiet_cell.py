"""Of a quiet cell only the page of probes counts, and only if all went as it should."""

from dataclasses import replace

from demo.lab.quiet_cell import page_seconds
from tests.demo.lab.outcomes import alert, outcome

PROBES = {"slo": "probe-success", "region": "us-gov", "model": "chat", "severity": "page"}
TOLD = alert("ErrorBudgetBurn", "expected", 170.0, labels=PROBES, paged_seconds=180.0)
REGION = {"region": "us-gov", "severity": "page"}
OTHER = alert("RegionDown", "allowed", 80.0, labels=REGION, paged_seconds=90.0)


def test_the_page_of_probes_is_what_counts():
    """Whatever else pages sooner."""
    assert 180.0 == page_seconds(outcome(OTHER, TOLD))
    assert page_seconds(outcome(OTHER)) is None


def test_nothing_counts_where_not_all_went_as_expected():
    """It would be the time of something else."""
    assert page_seconds(replace(outcome(TOLD), failures=["GpuLost fired"])) is None
