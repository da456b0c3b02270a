"""The engines' page, held against pages of a real vLLM 0.32.0."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.setup.programs import find_program
from demo.sim.engines.vllm_page import request_token_bounds, vllm_families
from demo.sim.exposition import make_template

FIXTURES = Path(__file__).parents[3] / "fixtures" / "vllm"
CAPTURE = (FIXTURES / "vllm-0.32.0-cpu-tp1.metrics.txt").read_text()
LINT = re.compile(r"^(\S+) (.*)$", re.MULTILINE)


def _without_values(page: str) -> list[str]:
    return [line if line.startswith("#") else line.rpartition(" ")[0] for line in page.splitlines()]


def _complaints(page: str) -> set[tuple[str, str]]:
    """What promtool has to say about the style of a page that it can read."""
    command = [str(find_program("promtool")), "check", "metrics"]
    done = subprocess.run(command, input=page, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return set(LINT.findall(done.stdout + done.stderr))


@pytest.fixture
def page(warm) -> str:
    """The page of one engine of the warm simulation."""
    return warm.engine_page("eu-chat-0").decode()


def test_the_page_is_the_captured_one_but_for_its_numbers():
    """Families, HELP, TYPE, labels, bounds, order: line by line."""
    template = make_template(vllm_families("0", "tiny", max_model_len=2048))
    page = template.fill([0.0] * template.size).decode()
    assert _without_values(page) == _without_values(CAPTURE)


def test_a_real_page_comes_back_from_its_own_numbers():
    """Byte for byte: numbers are written as there."""
    template = make_template(vllm_families("0", "tiny", max_model_len=2048))
    numbers = [line.rpartition(" ")[2] for line in CAPTURE.splitlines() if line[0] != "#"]
    assert template.fill([float(number) for number in numbers]).decode() == CAPTURE


def test_families_and_types_are_the_captured_ones_in_their_order(page):
    """As prometheus-client's own parser reads them."""

    def families(text):
        return [(each.name, each.type) for each in text_string_to_metric_families(text)]

    assert families(page) == families(CAPTURE)


def test_bounds_differ_only_where_the_longest_context_makes_them(page):
    """The page has every line of the real one, and more bounds of tokens."""
    missing = set(_without_values(CAPTURE)) - {
        line.replace('"chat"', '"tiny"') for line in _without_values(page)
    }
    assert {line.partition("{")[0] for line in missing} == {"vllm:cache_config_info"}


def test_cache_config_has_the_labels_of_the_captured_one(page):
    """Their values are the configuration's."""

    def labels(text):
        (line,) = (each for each in text.splitlines() if each.startswith("vllm:cache_config_info{"))
        return re.findall(r'(\w+)="', line)

    assert labels(page) == labels(CAPTURE)


def test_promtool_says_of_the_page_what_it_says_of_the_real_one(page):
    """It can be read, and has the same faults of style."""
    assert _complaints(page) == _complaints(CAPTURE)


@pytest.mark.parametrize(
    ("max_model_len", "last"), [(2048, 2000.0), (131_072, 100_000.0), (10, 10.0), (1, 1.0)]
)
def test_token_bounds_go_up_to_the_longest_context(max_model_len, last):
    """1, 2, 5, 10 ..."""
    bounds = request_token_bounds(max_model_len)
    assert bounds[-1] == last
    assert bounds[:4] == (1.0, 2.0, 5.0, 10.0)[: len(bounds)]


def test_histograms_of_the_page_are_cumulative_and_end_with_their_count(page):
    """After five minutes of everything."""
    histograms = [
        family
        for family in text_string_to_metric_families(page)
        if family.type == "histogram" and family.samples
    ]
    assert len(histograms) > 10
    for family in histograms:
        buckets = [s.value for s in family.samples if s.name.endswith("_bucket")]
        counts = [s.value for s in family.samples if s.name.endswith("_count")]
        starts = [at for at, s in enumerate(buckets) if at and s < buckets[at - 1]]
        assert len(starts) <= len(counts) - 1, family.name  # it falls where a child begins alone
        last = [s.value for s in family.samples if s.labels.get("le") == "+Inf"]
        assert last == counts, family.name


def test_all_but_gauges_and_sums_are_whole_numbers(page):
    """Engines are a fluid; what they count is not."""
    for family in text_string_to_metric_families(page):
        if family.type in ("counter", "histogram") and not family.name.startswith("process_"):
            for sample in family.samples:
                if not sample.name.endswith(("_sum", "_created")):
                    assert sample.value == int(sample.value), sample


def test_counters_never_fall_from_page_to_page(warm):
    """Minute by minute, while requests queue, are preempted and fail."""

    def counters():
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(warm.engine_page("eu-chat-0").decode())
            if family.type in ("counter", "histogram")
            for sample in family.samples
        }

    warm.strike("traffic-spike", 2, region="eu")
    warm.strike("nvlink-error", 0.5, group="eu-chat-0")
    before = counters()
    for _ in range(5):
        warm.seconds(15)
        after = counters()
        assert after.keys() == before.keys()
        assert [key for key, value in after.items() if value < before[key]] == []
        before = after


def test_prompts_that_have_to_be_computed_again_take_longer_in_prefill(warm):
    """What the bound of the cost of misses is made of: it rises with them."""
    name = "vllm:request_prefill_time_seconds"

    def seconds_per_request() -> float:
        before = [warm.shown("eu-code-0", f"{name}{end}") for end in ("_sum", "_count")]
        warm.seconds(60)
        after = [warm.shown("eu-code-0", f"{name}{end}") for end in ("_sum", "_count")]
        return (after[0] - before[0]) / (after[1] - before[1])

    usual = seconds_per_request()
    warm.strike("cache-flush", 1.0, region="eu", model="code")
    assert seconds_per_request() > 1.1 * usual > 0
