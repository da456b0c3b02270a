"""Reading vLLM's pages."""

from math import isnan
from pathlib import Path

import pytest

from exporters import catalog
from exporters.dialects import read_dialect
from exporters.exposition import PageError, PageReader
from exporters.groups import mapping
from exporters.groups.engine import EngineReader, EngineReading
from exporters.groups.pages import EnginePages
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


def read(text, engine="0", gpus=2) -> EngineReading:
    """Read with a new reader."""
    return EngineReader(engine, gpus).read(text.encode())


def test_the_real_page_is_read_whole():
    """All that is kept, but for what a plain engine does not serve."""
    reading = read(CAPTURE.read_text())
    on_request = {
        catalog.GROUP_CACHE_EVICTIONS, catalog.GROUP_CACHE_EVICTED_IDLE,
        catalog.GROUP_HOST_CACHE_USAGE, catalog.GROUP_HOST_CACHE_REFUSALS,
    }  # fmt: skip
    assert {name for name, _ in reading.values} == {
        kept.family.name for kept in mapping.VALUES if kept.family not in on_request
    }
    assert reading.values[catalog.GROUP_STEPS.name, ()] == reading.steps > 0
    assert reading.distributions.keys() == {each.family.name for each in mapping.DISTRIBUTIONS}
    assert (reading.is_busy, reading.is_awake, set(reading.folded)) == (False, True, set())
    assert reading.started_at == 1.79542182696e09
    assert (reading.layout.model, reading.layout.dialect) == ("tiny", "vllm_0_32")


def test_cumulative_values_pass_through_unchanged():
    """Prometheus deals with resets; nothing is added or smoothed."""
    text = CAPTURE.read_text()
    reading = read(text)
    for kept in mapping.VALUES:
        if kept.without or kept.only or kept.is_per_gpu:
            continue
        for line in text.splitlines():
            if line.startswith(f"{kept.name}{{"):
                value = float(line.rpartition(" ")[2])
                assert value in [v for (own, _), v in reading.values.items()
                                 if own == kept.family.name]  # fmt: skip


@pytest.mark.parametrize(("gpus", "expected"), [(1, 2.5), (8, 20.0), (0, None)])
def test_misses_cost_at_most_the_time_in_prefill_on_all_gpus(gpus, expected):
    """Cumulative as the engine's sum is; of a group whose GPUs nobody knows, nothing."""
    labels = {"engine": "0", "model_name": "tiny"}
    name, bounds = "vllm:request_prefill_time_seconds", (0.3, 10.0)
    text = page(*histogram_samples(name, labels, bounds, [0.5, 2.0]))
    reading = read(text, gpus=gpus)
    assert reading.values.get((catalog.GROUP_CACHE_MISSED_GPU_SECONDS.name, ())) == expected


def test_every_name_that_is_kept_is_one_that_vllm_serves():
    """A name that vLLM does not serve could never be read; some it serves on request only."""
    served = {
        f"vllm:{name}"
        for name in (
            "kv_block_idle_before_evict_seconds_count", "kv_block_idle_before_evict_seconds_sum",
            "kv_offload_cpu_cache_usage_perc", "kv_offload_allocation_failure_total",
        )
    }  # fmt: skip
    for family in read_dialect("vllm_0_32").families:
        served |= {family.name}
        if family.type == "histogram":
            served |= {family.name + suffix for suffix in SUFFIXES}
    kept = {each.name for each in mapping.VALUES}
    kept |= {each.name + suffix for each in mapping.DISTRIBUTIONS for suffix in SUFFIXES}
    kept |= {mapping.PROCESS_START, mapping.SLEEP_STATE, mapping.CACHE_CONFIG}
    assert kept | {mapping.HTTP_REQUESTS} <= served


def test_everything_that_is_kept_has_a_reason():
    """What has none is not worth its series."""
    assert all(each.why for each in (*mapping.VALUES, *mapping.DISTRIBUTIONS))


@pytest.mark.parametrize("kept", mapping.DISTRIBUTIONS, ids=lambda each: each.name)
def test_the_bounds_of_the_catalogue_are_among_vllms_own(kept):
    """None is missing on an engine that was left as it is."""
    (foreign,) = [each for each in read_dialect("vllm_0_32").families if each.name == kept.name]
    assert set(kept.family.bounds) <= set(foreign.bounds)
    assert read(CAPTURE.read_text()).layout.missing_bounds == {}


@pytest.mark.parametrize("kept", mapping.DISTRIBUTIONS, ids=lambda each: each.name)
def test_a_histogram_is_cut_to_the_bounds_of_the_catalogue(kept):
    """Counts at the bounds that stay are those of the page."""
    text = CAPTURE.read_text()
    distribution = read(text).distributions[kept.family.name]
    for bound, count in zip(kept.family.bounds, distribution.counts, strict=True):
        assert f'{kept.name}_bucket{{engine="0",le="{bound}",model_name="tiny"}} {count}' in text
    assert f'{kept.name}_count{{engine="0",model_name="tiny"}} {distribution.count}' in text
    assert f'{kept.name}_sum{{engine="0",model_name="tiny"}} {distribution.sum}' in text


def test_a_histogram_with_other_bounds_keeps_those_that_both_have():
    """Cumulative counts stay right when others are left out."""
    labels = {"engine": "0", "model_name": "tiny"}
    name = "vllm:request_queue_time_seconds"
    samples = histogram_samples(name, labels, [0.3, 0.4, 0.8], [0.1, 0.35, 0.7, 9.0])
    reading = read(page(*samples))
    distribution = reading.distributions[catalog.GROUP_QUEUE_TIME.name]
    missing = len(catalog.GROUP_QUEUE_TIME.bounds) - 1
    assert distribution.counts == (1.0, *[None] * missing)
    assert reading.layout.missing_bounds == {catalog.GROUP_QUEUE_TIME.name: missing}
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
    assert set(reading.folded) == {
        (catalog.FINISH_REASON, "magic"), (catalog.FINISH_REASON, "spell"),
    }  # fmt: skip


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
         f"found two engines '0': {STEPS} twice"),
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


def test_a_page_of_known_series_gives_its_new_values():
    """Where things stand is found out once; what they say is read each time."""
    reader = EngineReader("0")
    reader.read(page(running=1.0, steps=7.0).encode())
    reading = reader.read(page(running=3.0, steps=9.0).encode())
    assert (reading.running, reading.steps) == (3.0, 9.0)


def test_a_page_whose_series_change_is_looked_at_anew():
    """A first error brings a series of its own, and moves those after it."""
    reader, labels = EngineReader("0"), {"engine": "0", "model_name": "tiny"}
    reader.read(page(steps=7.0).encode())
    failed = (FINISHED, {**labels, "finished_reason": "error"}, 3.0)
    reading = reader.read(page(failed, running=2.0, steps=9.0).encode())
    assert reading.values[catalog.GROUP_FINISHED.name, ("error",)] == 3.0
    assert (reading.running, reading.steps) == (2.0, 9.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_a_gauge_without_a_number_costs_itself_only(bad):
    """The engine serves; what else it says is as good as ever."""
    usage = ("vllm:kv_cache_usage_perc", {"engine": "0", "model_name": "tiny"})
    reader, key = EngineReader("0"), (catalog.GROUP_KV_CACHE_USAGE.name, ())
    odd = reader.read(page((*usage, bad), steps=8.0).encode())
    assert isnan(odd.values[key])
    assert odd.steps == 8.0
    assert reader.read(page((*usage, 0.5)).encode()).values[key] == 0.5


def test_what_another_engine_of_the_page_says_is_its_own_affair():
    """One with a number that is none is malformed, and the other is read."""
    pages = EnginePages(2)
    body = (page() + page(engine="1", steps=-1.0)).encode()
    assert EngineReader("0", pages=pages).read(body).steps == 7.0
    with pytest.raises(PageError, match=r"found -1.0 for vllm:iteration_tokens_total_count"):
        EngineReader("1", pages=pages).read(body)


def test_a_page_is_read_once_for_all_engines_on_it(monkeypatch):
    """And nothing of it is kept then."""
    read_bodies = []
    original = PageReader.read

    def read_page(reader, body):
        read_bodies.append(body)
        return original(reader, body)

    monkeypatch.setattr(PageReader, "read", read_page)
    pages = EnginePages(72)
    readers = [EngineReader(str(rank), pages=pages) for rank in range(72)]
    for steps in (1.0, 2.0):
        text = "".join(page(engine=str(rank), steps=steps + rank) for rank in range(72))
        body = text.encode()
        assert [each.read(body).steps for each in readers] == [steps + n for n in range(72)]
    assert len(read_bodies) == 2
    assert pages._body is None


def test_a_histogram_without_its_sum_is_malformed():
    """A sum of 0 would be an event that nobody saw."""
    labels, name = {"engine": "0", "model_name": "tiny"}, "vllm:request_queue_time_seconds"
    samples = histogram_samples(name, labels, [0.3], [0.1])
    without = [each for each in samples if not each[0].endswith("_sum")]
    with pytest.raises(PageError, match=r"found \S+_count and no \S+_sum"):
        read(page(*without))


def test_a_page_that_was_cut_between_two_lines_is_malformed():
    """It looks well, but lacks families that the same process served before."""
    whole = CAPTURE.read_bytes()
    cut = whole[: whole.index(b"# HELP vllm:e2e_request_latency_seconds")]
    reader = EngineReader("0")
    reader.read(whole)
    with pytest.raises(PageError, match=r"found no shardwatch_\S+, which was there before"):
        reader.read(cut)
    assert catalog.GROUP_END_TO_END.name in reader.read(whole).distributions


def test_a_page_that_lacks_the_same_again_is_believed():
    """Whatever the reason is, the engine is there."""
    whole = CAPTURE.read_bytes()
    reader, less = EngineReader("0"), whole.replace(b"vllm:kv_cache_usage_perc{", b"other{")
    reader.read(whole)
    with pytest.raises(PageError):
        reader.read(less)
    key = (catalog.GROUP_KV_CACHE_USAGE.name, ())
    assert [key in reader.read(less).values for _ in range(2)] == [False, False]


def test_a_restarted_engine_may_serve_less():
    """Another version, perhaps."""
    whole = CAPTURE.read_bytes()
    reader = EngineReader("0")
    reader.read(whole)
    less = whole.replace(b"vllm:kv_cache_usage_perc{", b"other{")
    other = less.replace(b"process_start_time_seconds 1.79", b"process_start_time_seconds 1.80")
    assert other != less
    assert reader.read(other).steps > 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_a_page_of_known_series_is_refused_for_one_bad_number(bad):
    """Not only at the first look."""
    reader = EngineReader("0")
    reader.read(page(running=1.0).encode())
    with pytest.raises(PageError, match=r"expected a number from 0 on"):
        reader.read(page(running=bad).encode())


def test_what_the_api_server_counts_is_served_for_its_first_engine_only():
    """Rejections have no label of the engine: each would be counted for every rank."""
    rejected = ("vllm:admission_rejections_total",
                {"model_name": "tiny", "reason": "max_num_queued_reqs"}, 5.0)  # fmt: skip
    text = page(rejected) + page(engine="1")
    key = (catalog.GROUP_REJECTED.name, ("max_num_queued_reqs",))
    assert read(text, "0").values[key] == 5.0
    assert key not in read(text, "1").values
    assert read(text, "1").layout.shares_page


def test_only_requests_that_gave_the_engine_work_count_as_ended():
    """Others end without a step, and say nothing of a stall."""
    samples = [
        ("http_requests_total", {"handler": handler, "method": "POST", "status": status}, 1.0)
        for handler, status in (
            ("/v1/chat/completions", "2xx"), ("/v1/completions", "5xx"),
            ("/v1/completions", "4xx"), ("/tokenize", "2xx"), ("/v1/models", "2xx"),
        )
    ]  # fmt: skip
    assert read(page(*samples)).ended == 2.0


def test_the_cache_account_is_in_tokens_by_tier():
    """Two of the tiers have other names with vLLM."""
    labels = {"engine": "0", "model_name": "tiny"}
    cached = dict(zip(("device", "host", "p2p", "disk", "external_unspecified"),
                      (50.0, 20.0, 8.0, 5.0, 2.0), strict=True))  # fmt: skip
    reading = read(
        page(
            ("vllm:prefix_cache_queries_total", labels, 100.0),
            ("vllm:prefix_cache_hits_total", labels, 51.0),
            ("vllm:external_prefix_cache_hits_total", labels, 36.0),
            ("vllm:prompt_tokens_by_source_total", {**labels, "source": "local_compute"}, 13.0),
            *(("vllm:prompt_tokens_cached_by_source_total", {**labels, "source": source}, tokens)
              for source, tokens in cached.items()),
        )
    )  # fmt: skip
    hits = {labels[0]: value for (name, labels), value in reading.values.items()
            if name == catalog.GROUP_CACHE_HIT_TOKENS.name}  # fmt: skip
    assert hits == {"device": 50.0, "host": 20.0, "peer": 8.0, "disk": 5.0, "external": 2.0}
    assert reading.values[catalog.GROUP_PREFIX_QUERIED_TOKENS.name, ()] == 100.0
    assert reading.values[catalog.GROUP_CACHE_MISSED_TOKENS.name, ()] == 13.0


def test_the_pressure_on_the_cache_is_read_where_the_engine_tells_it():
    """With --kv-cache-metrics, and with a tier on the host."""
    text = page() + "".join(
        f'vllm:{name}{{engine="0",model_name="tiny"}} {value}\n'
        for name, value in (
            ("kv_block_idle_before_evict_seconds_count", 4.0),
            ("kv_block_idle_before_evict_seconds_sum", 90.0),
            ("kv_offload_cpu_cache_usage_perc", 0.5),
            ("kv_offload_allocation_failure_total", 3.0),
        )
    )
    values = read(text).values
    assert values[catalog.GROUP_CACHE_EVICTIONS.name, ()] == 4.0
    assert values[catalog.GROUP_CACHE_EVICTED_IDLE.name, ()] == 90.0
    assert values[catalog.GROUP_HOST_CACHE_USAGE.name, ()] == 0.5
    assert values[catalog.GROUP_HOST_CACHE_REFUSALS.name, ()] == 3.0
