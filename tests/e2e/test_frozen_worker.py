"""The main job on real vLLM: a stopped worker is caught while /health still says 200."""

import pytest

from tests.e2e.conftest import Play


@pytest.mark.vllm
def test_a_frozen_worker_is_a_stalled_group_and_a_page(play: Play):
    """SIGSTOP of one tensor-parallel rank, SIGCONT, recovery."""
    report = play("frozen-worker")
    assert (report["engine"], report["groups"], report["gpus"]) == ("vllm", 2, 0)
    assert report["detected_seconds"] <= 60
    assert report["cause"] == "ShardGroupStalled"
    assert report["conditions"] == {'shardwatch_group_health_ok{group="eu-chat-0"} == 1': True}
    assert report["resolved_seconds"] > report["paged_seconds"]
    assert report["panels_without_data"] == []
