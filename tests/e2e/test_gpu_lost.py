"""The main job: a GPU leaves the bus, and a page arrives that names it."""

from pathlib import Path

import pytest

from demo.stack.attributed import attribution_error
from slo.review.browsing import Asked, list_reviews
from slo.review.database import open_database
from tests.e2e.conftest import Play


@pytest.mark.e2e
def test_a_lost_gpu_becomes_a_page_that_names_it(play: Play, tmp_path: Path):
    """576 simulated GPUs, a real Prometheus, a real Alertmanager, PagerDuty's stand-in."""
    report = play("gpu-lost")
    assert (report["engine"], report["groups"], report["gpus"]) == ("sim", 18, 576)
    assert report["panels_without_data"] == []
    assert report["detected_seconds"] <= 15
    assert report["paged_seconds"] <= min(180, report["theory_seconds"] + 75)
    assert report["resolved_seconds"] > report["paged_seconds"]
    assert report["cause"] == "GpuLost"
    [page] = [
        each["event"] for each in report["pages"] if each["event"]["event_action"] == "trigger"
    ]
    details = page["payload"]["custom_details"]
    assert report["place"]["host"] in details["probable_cause"]
    assert report["place"]["uuid"] in details["probable_cause"]
    assert "eu-chat-0" in details["groups_hit"]
    assert all(word in page["payload"]["summary"] for word in ("chat-availability", "eu", "chat"))
    assert {link["text"] for link in page["links"]} >= {"runbook", "dashboard", "review"}
    [hit] = [
        each
        for each in report["budgets"]
        if (each["slo"], each["labels"]) == ("chat-availability", {"region": "eu", "model": "chat"})
    ]
    assert hit["truth"] > 1000
    assert abs(hit["measured"] - hit["truth"]) <= 0.02 * hit["truth"]
    # The record of reviews has the incident with its cause, and its share of the budget.
    database = f"sqlite:///{tmp_path / 'demo' / 'reviews.db'}"
    assert attribution_error(database, report) <= 0.05
    # And the review of 28 days of each service is begun.
    with open_database(database).connect() as record:
        begun = list_reviews(record, Asked(), is_signed=False).items
    assert {"inference", "tools"} == {each["service"] for each in begun}
