"""Ten ordinary minutes with an engine and an exporter restarted."""

import pytest

from tests.e2e.conftest import Play


@pytest.mark.e2e
def test_ordinary_minutes_page_nobody(play: Play):
    """Restarts are no incidents, and budgets still agree with the truth."""
    report = play("calm")
    assert report["pages"] == []
    assert report["panels_without_data"] == []
