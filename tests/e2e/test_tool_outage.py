"""A tool goes down: the tools' objective pages, and nothing speaks of GPUs."""

import json

import pytest

from tests.e2e.conftest import Play


@pytest.mark.scenario
def test_a_tool_outage_pages_the_tools_and_names_no_gpu(play: Play):
    """The cause is the tool, by name."""
    report = play("tool-outage")
    triggers = [
        each["event"] for each in report["pages"] if each["event"]["event_action"] == "trigger"
    ]
    assert {each["payload"]["custom_details"]["slo"] for each in triggers} == {"tool-success"}
    assert report["cause"] == "ToolOutage"
    assert report["resolved_seconds"] > report["paged_seconds"]
    for each in triggers:
        assert "code_execution" in each["payload"]["custom_details"]["probable_cause"]
        assert "GPU-" not in json.dumps(each)
        assert "GpuLost" not in json.dumps(each)
