"""Reading vLLM's pages."""

from pathlib import Path

import pytest

from exporters import catalog
from exporters.dialects import read_dialect
from exporters.exposition import PageError
from exporters.groups import mapping
from exporters.groups.engine import EngineReader, EngineReading
from exporters.histograms import SUFFIXES
from exporters.testing import histogram_samples, page_of

CAPTURE = Path(__file__).parents[2] / "fixtures/vllm/vllm-0.32.0-cpu-tp2.metrics.txt"
RUNNING, WAITING = "vllm:num_requests_running", "vllm:num_requests_waiting"
STEPS, FINISHED = "vllm:iteration_tokens_total_count", "vllm:request_success_total"


def page(*more: tuple, engine="0", running=0.0, waiting=0.0, steps=7.0):
    """The least that a vLLM engine's page has, and more."""
    labels = {"engine": engine, "model_name": "tiny"}
    least = [(RUNNING, labels, running), (WAITING, labels, waiting), (STEPS, labels, steps)]
    return page_of("vllm_0_32", [*least, *more])


def read(text, engine="0") -> EngineReading:
    """Read with a new reader."""
    return EngineReader(engine).read(text.encode())


def test_the_real_page_is_read_whole():
    """The values were taken from the capture by eye."""
    reading = read(CAPTURE.read_text())
    values = {name.removeprefix("shardwatch_group_"): v for (name, _), v in reading.values.items()}
    assert {name for name, _ in reading.values} == {
        kept.family.name for kept in mapping.VALUES.values()
    }
    assert values["steps_total"] == reading.steps > 0
    assert reading.distributions.keys() == {each.name for each in mapping.DISTRIBUTIONS.values()}
    assert (reading.is_busy, reading.is_awake, reading.folded) == (False, True, frozenset())
    assert reading.started_at == 1.79542182696e09


def test_cumulative_values_pass_through_unchanged():
    """Prometheus deals with resets; nothing is added or smoothed."""
    text = CAPTURE.read_text()
    reading = read(text)
    for name, kept in mapping.VALUES.items():
        for line in text.splitlines():
            if line.startswith(f"{name}{{"):
                value = float(line.rpartition(" ")[2])
                assert value in [v for (own, _), v in reading.values.items()
                                 if own == kept.family.name]  # fmt: skip


def test_every_name_that_is_kept_is_one_of_the_dialects():
    """A name that vLLM does not serve could never be read."""
    served = {mapping.PROCESS_START, mapping.SLEEP_STATE}
    for family in read_dialect("vllm_0_32").families:
        served |= {family.name}
        if family.type == "histogram":
            served |= {family.name + suffix for suffix in SUFFIXES}
    kept = {*mapping.VALUES, *(n + s for n in mapping.DISTRIBUTIONS for s in SUFFIXES)}
    assert kept <= served


@pytest.mark.parametrize(("name", "family"), mapping.DISTRIBUTIONS.items())
def test_the_bounds_of_kept_histograms_are_the_catalogues(name, family):
    """Nothing is cut on an engine with vLLM's own bounds."""
    (foreign,) = [each for each in read_dialect("vllm_0_32").families if each.name == name]
    assert foreign.bounds == family.bounds


def test_a_histogram_with_other_bounds_keeps_those_that_both_have():
    """Cumulative counts stay right when others are left out."""
    labels = {"engine": "0", "model_name": "tiny"}
    name = "vllm:request_queue_time_seconds"
    samples = histogram_samples(name, labels, [0.3, 0.4, 0.8], [0.1, 0.35, 0.7, 9.0])
    distribution = read(page(*samples)).distributions[catalog.GROUP_QUEUE_TIME.name]
    assert distribution.counts[:3] == (1.0, None, 3.0)
    assert (distribution.count, distribution.sum) == (4.0, 10.15)


def test_finish_reasons_exist_from_zero_on_and_unknown_ones_are_folded():
    """A first error must not be lost because its series was born with it."""
    labels = {"engine": "0", "model_name": "tiny"}
    reading = read(
        page(
            (FINISHED, {**labels, "finished_reason": "stop"}, 5.0),
            (FINISHED, {**labels, "finished_reason": "magic"}, 2.0),
            (FINISHED, {**labels, "finished_reason": "spell"}, 1.0),
        )
    )
    finished = {
        labels[0]: value
        for (name, labels), value in reading.values.items()
        if name == catalog.GROUP_FINISHED.name
    }
    assert finished == {
        "stop": 5.0, "length": 0.0, "abort": 0.0, "error": 0.0, "repetition": 0.0, "other": 3.0,
    }  # fmt: skip
    assert reading.folded == {"magic", "spell"}


def test_only_the_engine_of_the_group_is_read_from_a_page_of_several():
    """Data-parallel ranks share an API server; one engine is one group."""
    text = page(running=1.0, steps=10.0) + page(engine="1", running=2.0, steps=20.0)
    assert read(text, "1").steps == 20.0
    assert read(text, "0").steps == 10.0


@pytest.mark.parametrize(
    ("running", "waiting", "expected"), [(0.0, 0.0, False), (1.0, 0.0, True), (0.0, 1.0, True)]
)
def test_an_engine_is_busy_when_requests_run_or_wait(running, waiting, expected):
    """A queue that is not admitted is work as well."""
    assert read(page(running=running, waiting=waiting)).is_busy is expected


def test_an_engine_sleeps_when_it_says_that_it_is_not_awake():
    """And is awake if it says nothing."""
    labels = {"engine": "0", "model_name": "tiny"}
    asleep = ("vllm:engine_sleep_state", {**labels, "sleep_state": "awake"}, 0.0)
    level = ("vllm:engine_sleep_state", {**labels, "sleep_state": "discard_all"}, 1.0)
    assert read(page()).is_awake is True
    assert read(page(asleep, level)).is_awake is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no vLLM engine '0': nothing for shardwatch_group_requests_running"),
        (page(engine="1"), "found no vLLM engine '0': nothing for "
         "shardwatch_group_requests_running"),
        (page().replace(f"\n{STEPS}{{", "\nother{"),
         "found no vLLM engine '0': nothing for shardwatch_group_steps_total"),
        (page(running=-1.0), f"found -1.0 for {RUNNING}"
         "{'engine': '0', 'model_name': 'tiny'}, expected a number from 0 on"),
        (page((STEPS, {"engine": "0", "model_name": "b"}, 1.0)),
         f"found two engines '0': {STEPS}{{'engine': '0', 'model_name': 'b'}}"),
    ],
)  # fmt: skip
def test_what_is_no_page_of_this_engine_is_malformed(text, message):
    """The group is then unreachable, rather than served with made-up zeros."""
    with pytest.raises(PageError) as caught:
        read(text)
    assert str(caught.value) == message


def test_two_histograms_for_one_engine_are_malformed():
    """Nothing is summed inside a group."""
    name = "vllm:request_queue_time_seconds"
    both = [
        sample
        for model in ("a", "b")
        for sample in histogram_samples(name, {"engine": "0", "model_name": model}, [0.3], [0.1])
    ]
    with pytest.raises(PageError, match=r"found two engines '0': .* twice"):
        read(page(*both))
