"""The check that finds what a new vLLM adds, drops and renames; held against the captured pages."""

from pathlib import Path

import pytest

from demo.sim.engines.vllm_page import vllm_families
from tests.demo.vllm.page_differences import differences, shapes_of_families, shapes_of_page

CAPTURES = sorted((Path(__file__).parents[2] / "fixtures/vllm").glob("vllm-0.32.0-*.metrics.txt"))
KNOWN = shapes_of_families(vllm_families("0", "tiny", max_model_len=2048))


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_a_captured_page_has_no_difference(capture: Path):
    """Both were written by vLLM 0.32.0."""
    assert [] == differences(shapes_of_page(capture.read_text()), KNOWN)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "vllm:kv_cache_usage_perc",
            "vllm:kv_cache_usage_ratio",
            ["renamed: vllm:kv_cache_usage_perc is now vllm:kv_cache_usage_ratio"],
        ),
        (
            "vllm:num_preemptions",
            "vllm:kicked",
            [
                "added: vllm:kicked_created, a gauge",
                "added: vllm:kicked_total, a counter",
                "missing: vllm:num_preemptions_created",
                "missing: vllm:num_preemptions_total",
            ],
        ),
        (
            "# TYPE vllm:num_requests_waiting gauge",
            "# TYPE vllm:engine_healthy gauge\n# TYPE vllm:num_requests_waiting gauge",
            ["added: vllm:engine_healthy, a gauge"],
        ),
        (
            "# TYPE vllm:num_requests_running gauge",
            "# TYPE vllm:num_requests_running counter",
            ["changed: vllm:num_requests_running has the type counter, not gauge"],
        ),
        (
            'finished_reason="',
            'reason="',
            [
                f"changed: vllm:request_success_{end} has the labels "
                "('engine', 'model_name', 'reason'), "
                "not ('engine', 'finished_reason', 'model_name')"
                for end in ("created", "total")
            ],
        ),
    ],
)
def test_what_a_page_adds_drops_renames_or_changes_is_listed(
    capture: Path, old: str, new: str, expected: list[str]
):
    """By name, so that one knows what to mend in the dialect."""
    page = capture.read_text()
    assert old in page

    assert expected == differences(shapes_of_page(page.replace(old, new)), KNOWN)


def test_other_buckets_are_a_change():
    """A threshold that was a bound may be none any more."""
    page = CAPTURES[0].read_text().replace('le="0.25"', 'le="0.3"')
    found = differences(shapes_of_page(page), KNOWN)

    assert any(
        line.startswith("changed: vllm:time_to_first_token_seconds has the bounds")
        for line in found
    )
