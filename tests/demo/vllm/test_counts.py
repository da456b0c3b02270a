"""The router's page: the demo's dialect, exactly."""

import subprocess

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from demo.setup.programs import find_program
from demo.vllm.counts import Counts, Lane
from exporters.catalog import OUTCOMES
from exporters.dialects import read_dialect

FREE, PRO = Lane("chat", "r1", "free"), Lane("chat", "r1", "pro")


def page_of(counts: Counts) -> str:
    """Return the page."""
    registry = CollectorRegistry()
    registry.register(counts)
    return generate_latest(registry).decode()


def values_of(counts: Counts) -> dict[tuple[str, ...], float]:
    """Return the samples above 0, by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page_of(counts))
        for sample in family.samples
        if sample.value
    }


def test_the_page_has_the_families_of_the_dialect_and_no_others():
    """In its order, with its types, labels and help."""
    lines = page_of(Counts([FREE])).splitlines()
    families = read_dialect("router_demo").families

    assert [f"# HELP {each.name} {each.help}" for each in families] == [
        line for line in lines if line.startswith("# HELP")
    ]
    assert [f"# TYPE {each.name} {each.type}" for each in families] == [
        line for line in lines if line.startswith("# TYPE")
    ]


def test_every_series_exists_from_0_on():
    """An error series that is born at 1 has no increase."""
    page = page_of(Counts([FREE, PRO]))

    for tier in ("free", "pro"):
        for outcome in OUTCOMES:
            series = f'outcome="{outcome}",revision="r1",tier="{tier}"'
            assert f'router_requests_total{{model="chat",{series}}} 0.0\n' in page
        assert f'router_time_to_first_token_seconds_bucket{{le="2.5",model="chat",revision="r1",tier="{tier}"}} 0.0\n' in page  # fmt: skip # noqa: E501


def test_buckets_are_cumulative_and_a_value_on_a_bound_belongs_to_it():
    """0.1 s is at most 0.1 s; 10.5 s is more than 10 s."""
    counts = Counts([FREE])
    for seconds in (0.1, 0.125, 10.5):
        counts.note_first_token(FREE, seconds)
    values = values_of(counts)
    bucket = "router_time_to_first_token_seconds_bucket"

    assert [1, 2, 2, 3, 3] == [
        values[bucket, le, *FREE] for le in ("0.1", "0.25", "10.0", "20.0", "+Inf")
    ]
    assert 3 == values["router_time_to_first_token_seconds_count", *FREE]
    assert 10.725 == values["router_time_to_first_token_seconds_sum", *FREE]


def test_a_request_is_in_flight_until_it_ends():
    """And counted once, under its own lane."""
    counts = Counts([FREE, PRO])
    counts.note_arrival(PRO)
    counts.note_attempt(PRO, "first")
    during = values_of(counts)
    counts.note_end(PRO, "timeout")

    attempt = ("router_request_attempts_total", "first", *PRO)
    assert {("router_requests_in_flight", *PRO): 1, attempt: 1} == during
    assert {
        ("router_requests_total", "chat", "timeout", "r1", "pro"): 1,
        attempt: 1,
    } == values_of(counts)


def test_promtool_finds_nothing_wrong_with_the_page():
    """It reads what Prometheus would."""
    counts = Counts([FREE])
    counts.note_first_token(FREE, 0.3)
    done = subprocess.run(
        [str(find_program("promtool")), "check", "metrics"],
        input=page_of(counts),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stdout + done.stderr)
