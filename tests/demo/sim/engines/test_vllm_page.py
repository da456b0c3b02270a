"""The engines' page, held against pages of a real vLLM 0.32.0."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.setup.programs import find_program
from demo.sim.engines.vllm_page import Registers, request_token_bounds, vllm_families
from demo.sim.exposition import make_template
from demo.sim.pages import Pages

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
    return Pages(warm.cluster).engine(warm.state, warm.group("eu-chat-0")).decode()


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


def test_histograms_of_the_page_are_cumulative_and_end_with_their_count(warm):
    """After two minutes of everything."""
    for name, slot in warm.state.engines.registers.template.slots.items():
        values = warm.state.engines.registers.values[:, slot]
        if slot.stop - slot.start > 5 and name not in ("vllm:request_success_total",):
            buckets, count = values[:, :-2], values[:, -2]
            if name.endswith(("_created", "_by_source_total")):
                continue
            assert (np.diff(buckets, axis=1) >= 0).all(), name
            assert (buckets[:, -1] == count).all(), name


def test_a_restart_sets_an_engines_numbers_to_those_of_a_new_process():
    """Its neighbour's stay."""
    registers = Registers(2, now=100.0)
    fresh = registers.values.copy()
    registers.add("vllm:prompt_tokens_total", np.array([3.0, 5.0]))
    registers.restart(np.array([True, False]), now=200.0)
    assert registers.view("vllm:prompt_tokens_total").tolist() == [[0.0], [5.0]]
    assert registers.view("vllm:prompt_tokens_created").tolist() == [[200.0], [100.0]]
    assert registers.view("process_start_time_seconds").tolist() == [[200.0], [100.0]]
    changed = registers.values[0] != fresh[0]
    assert set(registers.values[0][changed]) == {200.0}
