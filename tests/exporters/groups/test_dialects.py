"""The names of vLLM 0.6 to 0.33 and of Ray, by pages of each."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters import catalog
from exporters.dialects.vllm_changes import read_changes
from exporters.exposition import PageError
from exporters.groups import mapping
from exporters.groups.engine import EngineReader, EngineReading

PAGES = Path(__file__).parents[2] / "fixtures/vllm"
REAL = "vllm-0.32.0-cpu-tp2.metrics.txt"
DIALECTS = {
    "vllm-0.6.made.txt": ("vllm_0_6", "none"),
    "vllm-0.8.made.txt": ("vllm_0_8", "blocks"),
    "vllm-0.10.made.txt": ("vllm_0_10", "tokens"),
    "vllm-0.11.made.txt": ("vllm_0_11", "tokens"),
    REAL: ("vllm_0_32", "tokens"),
    "ray-vllm.made.txt": ("ray_vllm_0_32", "tokens"),
}
LEAST = (
    'vllm:num_requests_running{engine="0"} 1',
    'vllm:num_requests_waiting{engine="0"} 1',
    'vllm:iteration_tokens_total_count{engine="0"} 1',
)
CHANGES = (
    ("", ""), ('engine="0"', 'engine="1"'), ('engine="0"', 'engine=""'), (" 0.0", " NaN"),
    (" 0.0", " -1"), ('le="', 'le="x'), ('le="', 'lf="'), ('block_size="', 'block_size="-'),
    ("vllm:", "ray_vllm_"), ("vllm:", "ray_vllm:"), ("_total", ""), ('model_name="', 'server="'),
)  # fmt: skip
MADE = [name for name in DIALECTS if name != REAL]


def read(name, engine="0", change=lambda text: text) -> EngineReading:
    """Read a page of the fixtures with a new reader."""
    return EngineReader(engine).read(change((PAGES / name).read_text()).encode())


@pytest.mark.parametrize(("name", "expected"), DIALECTS.items())
def test_the_dialect_and_the_unit_of_the_cache_follow_from_the_page(name, expected):
    """No version is asked for: what is on the page is what is spoken."""
    layout = read(name).layout
    assert (layout.dialect, layout.cache_unit) == expected
    assert layout.dialect.removeprefix("ray_") in catalog.ENGINE_DIALECTS
    assert layout.cache_unit in catalog.CACHE_UNITS


def test_without_the_throughputs_that_0_7_removed_it_is_0_7():
    """Both are of the V0 engine."""

    def without(text):
        return re.sub(r"(?m)^.*avg_\w+_throughput.*\n", "", text)

    assert read("vllm-0.6.made.txt", change=without).layout.dialect == "vllm_0_7"


def test_without_the_old_name_of_inter_token_latency_it_is_0_12():
    """Tokens by source came later."""

    def without(text):
        return re.sub(r"(?m)^.*vllm:time_per_output_token_seconds.*\n", "", text)

    reading = read("vllm-0.11.made.txt", change=without)
    assert reading.layout.dialect == "vllm_0_12"
    assert reading.distributions[catalog.GROUP_INTER_TOKEN_LATENCY.name].count == 5.0


def test_every_dialect_of_the_table_is_in_the_catalogue():
    """And the other way round."""
    assert {dialect for dialect, _ in read_changes().marks} == set(catalog.ENGINE_DIALECTS)


def test_nothing_is_kept_that_vllm_removed_or_renamed():
    """Kept are names of 0.32; those before them are looked up in the table."""
    changes = read_changes()
    kept = {each.name for each in (*mapping.VALUES, *mapping.DISTRIBUTIONS)}
    assert kept.isdisjoint(changes.removed.keys() | set(changes.older.values()))
    assert changes.older.keys() <= kept


def test_an_engine_of_unknown_names_is_of_another_dialect():
    """Bounded: other."""

    def strange(text):
        return text.replace("vllm:prompt_tokens_by_source_total", "x").replace("kv_cache_usage", "")

    assert read(REAL, change=strange).layout.dialect == catalog.OTHER


@pytest.mark.parametrize("name", MADE)
def test_all_dialects_give_the_same_families(name):
    """Whatever they are called: 0.25 of the KV cache, 1000 tokens in, 500 out, 4 requests done."""
    reading = read(name)
    assert reading.values[catalog.GROUP_TOKENS.name, ("prompt",)] == 1000.0
    assert reading.values[catalog.GROUP_TOKENS.name, ("generation",)] == 500.0
    assert reading.values[catalog.GROUP_KV_CACHE_USAGE.name, ()] in (0.25, 0.5)
    finished = [value for (family, _), value in reading.values.items()
                if family == catalog.GROUP_FINISHED.name]  # fmt: skip
    assert (len(finished), sum(finished)) == (len(catalog.FINISH_REASONS), 4.0)
    assert catalog.GROUP_INTER_TOKEN_LATENCY.name in reading.distributions
    assert (reading.is_busy, reading.is_awake) == (True, True)


@pytest.mark.parametrize("name", ["vllm-0.10.made.txt", "vllm-0.11.made.txt"])
def test_old_and_new_names_on_one_page_are_counted_once(name):
    """They say the same: gpustack #2985 added them."""
    reading = read(name)
    assert reading.values[catalog.GROUP_PREFIX_QUERIED_TOKENS.name, ()] == 1000.0
    assert reading.values[catalog.GROUP_PREFIX_HIT_TOKENS.name, ()] == 240.0
    assert reading.distributions[catalog.GROUP_INTER_TOKEN_LATENCY.name].count == 5.0


def test_a_cache_that_is_counted_in_blocks_is_served_in_tokens():
    """60 blocks of 16 tokens were looked up, 15 found."""
    values = read("vllm-0.8.made.txt").values
    assert values[catalog.GROUP_PREFIX_QUERIED_TOKENS.name, ()] == 960.0
    assert values[catalog.GROUP_PREFIX_HIT_TOKENS.name, ()] == 240.0
    assert values[catalog.GROUP_CACHE_HIT_TOKENS.name, ("device",)] == 240.0


def test_blocks_of_unknown_size_are_not_served_as_tokens():
    """The dialect says that there are some."""

    def unsized(text):
        return text.replace('block_size="16"', 'block_size="None"')

    reading = read("vllm-0.8.made.txt", change=unsized)
    names = {name for name, _ in reading.values}
    cache = (catalog.GROUP_PREFIX_QUERIED_TOKENS, catalog.GROUP_PREFIX_HIT_TOKENS,
             catalog.GROUP_CACHE_HIT_TOKENS)  # fmt: skip
    assert names.isdisjoint({each.name for each in cache})
    assert reading.layout.cache_unit == "blocks"


def test_an_engine_without_a_label_of_its_rank_is_rank_0():
    """The V0 engine has none; it is not engine 1 of anything."""
    assert read("vllm-0.6.made.txt").running == 3.0
    with pytest.raises(PageError, match="found no vLLM engine '1'"):
        read("vllm-0.6.made.txt", "1")


def test_an_engine_that_counts_no_steps_moves_by_its_tokens():
    """The page of 0.6 has no histogram of steps; a made-up 0 of them would never move."""
    reading = read("vllm-0.6.made.txt")
    assert (catalog.GROUP_STEPS.name, ()) not in reading.values
    assert reading.steps == 1500.0


def test_bounds_that_an_old_engine_lacks_are_told():
    """Its buckets ended at 10 s."""
    layout = read("vllm-0.6.made.txt").layout
    assert layout.missing_bounds == {
        catalog.GROUP_TIME_TO_FIRST_TOKEN.name: 3,
        catalog.GROUP_INTER_TOKEN_LATENCY.name: 1,
        catalog.GROUP_END_TO_END.name: 3,
    }


def test_ray_counts_once_what_it_serves_with_and_without_total():
    """It exports counters as gauges as well."""
    values = read("ray-vllm.made.txt").values
    assert values[catalog.GROUP_TOKENS.name, ("prompt",)] == 1000.0
    assert values[catalog.GROUP_FINISHED.name, ("stop",)] == 4.0


def test_what_ray_leaves_out_until_it_counts_exists_from_zero_on():
    """A first preemption must not be lost because its series was born with it."""
    values = read("ray-vllm.made.txt").values
    assert values[catalog.GROUP_PREEMPTIONS.name, ()] == 0.0
    assert values[catalog.GROUP_FINISHED.name, ("error",)] == 0.0


def test_a_replica_of_ray_is_found_by_its_id():
    """Each replica has an engine 0, and a node's page may have several replicas."""

    def two(text):
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return text + "\n".join(lines).replace('"r-1"', '"r-2"').replace("1000.0", "70.0") + "\n"

    def tokens(engine):
        reading = read("ray-vllm.made.txt", engine, two)
        return reading.values[catalog.GROUP_TOKENS.name, ("prompt",)]

    assert (tokens("r-1"), tokens("r-2")) == (1000.0, 70.0)
    with pytest.raises(PageError, match="found two engines '0'"):
        tokens("0")


def test_a_routers_gauges_are_no_engine():
    """production-stack's router calls them as vLLM does, with a label `server`."""
    with pytest.raises(PageError, match="found no vLLM engine '0'"):
        read("production-stack-router.made.txt")


def test_a_routers_gauges_beside_an_engine_are_left_alone():
    """Where one address serves both."""
    router = (PAGES / "production-stack-router.made.txt").read_text()
    assert read(REAL, change=lambda text: text + router).running == read(REAL).running


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vllm:num_requests_running", ("vllm:num_requests_running", False)),
        ("ray_vllm_num_requests_running", ("vllm:num_requests_running", True)),
        ("ray_vllm:num_requests_running", ("vllm:num_requests_running", True)),
        ("vllm_num_requests_running", ("vllm:num_requests_running", True)),
        ("process_start_time_seconds", ("process_start_time_seconds", False)),
    ],
)
def test_rays_spellings_are_read_as_vllms(name, expected):
    """Its colons become underscores, and it puts its own name before."""
    assert read_changes().spell(name) == expected


@given(st.data())
@settings(max_examples=60)
def test_whatever_stands_on_a_page_gives_a_reading_or_one_error(data):
    """Lines of all dialects, lost, repeated, mixed and with other values and labels."""
    lines = [line for name in DIALECTS for line in (PAGES / name).read_text().splitlines()]
    chosen = data.draw(st.lists(st.sampled_from(lines), max_size=60))
    old, new = data.draw(st.sampled_from(CHANGES))
    text = "\n".join([*LEAST, *chosen]).replace(old, new) + "\n"
    reader = EngineReader(data.draw(st.sampled_from(["0", "1", "r-1"])))
    for _ in range(2):
        try:
            reading = reader.read(text.encode())
        except PageError:
            continue
        assert all(value >= 0 for value in reading.values.values())


@pytest.mark.parametrize("ray", [False, True])
def test_a_page_of_very_many_series_is_read_in_time(ray):
    """Each is looked at once: nobody else's deadline passes meanwhile."""
    name = "ray_vllm_request_success" if ray else "vllm:request_success_total"
    more = "".join(f'{name}{{engine="0",finished_reason="r{n}"}} 1\n' for n in range(50_000))
    start = time.process_time()
    reading = EngineReader("0").read(("\n".join(LEAST) + "\n" + more).encode())
    assert reading.values[catalog.GROUP_FINISHED.name, (catalog.OTHER,)] == 50_000.0
    assert time.process_time() - start < 5.0
