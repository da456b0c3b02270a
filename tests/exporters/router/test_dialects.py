"""The dialects of routers, on pages written from their sources and documentation.

Not one of them is a capture but the demo's: their names are, their values are ours.
"""

from pathlib import Path

import pytest

from exporters import catalog
from exporters.dialects import read_dialect
from exporters.router.core import RouterCore
from exporters.router.dialects import DIALECTS
from exporters.sources import Answer, Answers
from exporters.testing import histogram_samples, page_of
from exporters.topology import Topology

README = Path(__file__).parents[3] / "exporters/router/README.md"
FILES = {
    "demo": ("router_demo", "router_demo_services"),
    "production-stack": ("router_production_stack",),
    "envoy": ("router_envoy",),
    "envoy-ai-gateway": ("router_envoy_ai_gateway",),
    "llm-d": ("router_llm_d",),
}
R1 = ("demo", "eu", "chat", "eu", "r1", "other")
R2 = ("demo", "eu", "chat", "eu", "r2", "other")
CODE = ("demo", "eu", "code", "eu", "r1", "other")
TTFT = catalog.ROUTER_TIME_TO_FIRST_TOKEN


@pytest.fixture
def watch():
    """Makes a core with one router, and reads pages of it.

    `chat` has two revisions, `code` has one; the engines are at h0, h1 and h2, port 8000.
    """

    def start(dialect, names=None):
        served = [("chat", "r1"), ("chat", "r2"), ("code", "r1")]
        core = RouterCore(Topology.model_validate({
            "version": 1,
            "cluster": "demo",
            "groups": [
                {"name": f"g{n}", "region": "eu", "model": model, "revision": revision,
                 "metrics": f"http://h{n}:8000/metrics", "members": [{"host": f"h{n}"}]}
                for n, (model, revision) in enumerate(served)
            ],
            "routers": [{"name": "eu", "region": "eu", "dialect": dialect,
                         "metrics": "http://r/metrics", "names": names or {}}],
        }))  # fmt: skip

        def read(samples):
            """Return the page, of which everything is new."""
            (target,) = core.targets
            core.observe(Answers({target: Answer("none", target.read(b""), 200)}), 0.0)
            pages = [page_of(file, samples) for file in FILES[dialect]]
            content = target.read("".join(pages).encode())
            return core.observe(Answers({target: Answer("none", content, 200)}), 0.0)

        return read

    return start


def told(page, family):
    """The series of a family that are not 0."""
    return {labels: value for labels, value in page.of(family).items() if value}


def bounds_of(file, name):
    """The bounds of a foreign histogram."""
    return next(each.bounds for each in read_dialect(file).families if each.name == name)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_name_of_a_dialect_that_is_read_is_one_that_is_served(name):
    """But for generations of names that nobody has seen on a page."""
    served = {family.name for file in FILES[name] for family in read_dialect(file).families}
    for rule in DIALECTS[name].rules:
        plain = {each.removesuffix("_count") for each in rule.names}
        assert plain & served, rule.names


def test_production_stack_tells_outcomes_by_model_and_the_engines_address(watch):
    """Its `server` is an engine of the topology, which has a revision."""
    name = "vllm:request_latency_seconds"
    labels = {"server": "http://h1:8000", "model": "chat"}
    bounds = bounds_of("router_production_stack", name)
    page = watch("production-stack")([
        *histogram_samples(name, {**labels, "status": "success"}, bounds, [0.4, 3.0]),
        *histogram_samples(name, {**labels, "status": "error"}, bounds, [9.0]),
        ("vllm:request_errors_total", {**labels, "error_type": "ServerTimeoutError"}, 3.0),
        ("vllm:request_errors_total", {**labels, "error_type": "ClientPayloadError"}, 2.0),
        ("vllm:num_incoming_requests_total", {"model": "code"}, 8.0),
        ("vllm:num_prefill_requests", {"server": "http://h1:8000"}, 4.0),
        ("vllm:num_decoding_requests", {"server": "http://h1:8000"}, 5.0),
    ])  # fmt: skip
    assert told(page, catalog.ROUTER_REQUESTS) == {
        (*R2, "ok"): 2.0,
        (*R2, "timeout"): 3.0,
        (*R2, "error"): 2.0,
    }
    assert told(page, catalog.ROUTER_ATTEMPTS) == {(*CODE, "first"): 8.0}
    assert told(page, catalog.ROUTER_IN_FLIGHT) == {R2: 9.0}
    whole = page.distributions_of(catalog.ROUTER_END_TO_END)[R2]
    assert (whole.count, whole.counts[catalog.REQUEST_TIME_BOUNDS.index(5.0)]) == (3.0, 2.0)
    assert TTFT.name not in page.distributions


def test_a_model_that_users_call_otherwise_is_that_of_the_engine_which_served_it(watch):
    """And one that no engine served is `other`, counted."""
    read = watch("production-stack")
    error = {"error_type": "x", "model": "org/Chat-70B"}
    page = read([
        ("vllm:request_errors_total", {**error, "server": "http://h0:8000"}, 1.0),
        ("vllm:request_errors_total", {**error, "server": "http://elsewhere:8000"}, 2.0),
    ])  # fmt: skip
    assert told(page, catalog.ROUTER_REQUESTS) == {
        (*R1, "error"): 1.0,
        ("demo", "eu", "other", "eu", "other", "other", "error"): 2.0,
    }
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "model"] == 1.0


NAMES = {"pool-a": {"model": "chat", "revision": "r2"}, "pool-b": {"model": "code"}}


def test_envoy_tells_outcomes_by_code_of_clusters_that_the_topology_explains(watch):
    """Client mistakes count neither as good nor as bad."""
    cluster = {"envoy_cluster_name": "pool-a"}
    codes = {"200": 90, "304": 1, "404": 7, "400": 5, "429": 2, "503": 3, "504": 4, "500": 6}
    samples = [
        ("envoy_cluster_upstream_rq", {"envoy_response_code": code, **cluster}, float(count))
        for code, count in codes.items()
    ]
    page = watch("envoy", NAMES)([
        *samples,
        ("envoy_cluster_upstream_rq_completed", cluster, 118.0),
        ("envoy_cluster_upstream_rq_retry", cluster, 11.0),
        ("envoy_cluster_upstream_rq_active", {"envoy_cluster_name": "pool-b"}, 5.0),
    ])  # fmt: skip
    assert told(page, catalog.ROUTER_REQUESTS) == {
        (*R2, "ok"): 91.0,
        (*R2, "rate_limited"): 2.0,
        (*R2, "rejected"): 3.0,
        (*R2, "timeout"): 4.0,
        (*R2, "error"): 6.0,
    }
    assert told(page, catalog.ROUTER_ATTEMPTS) == {(*R2, "first"): 118.0, (*R2, "retry"): 11.0}
    assert told(page, catalog.ROUTER_IN_FLIGHT) == {CODE: 5.0}


def test_envoys_milliseconds_become_seconds(watch):
    """Bounds and sums."""
    name, cluster = "envoy_cluster_upstream_rq_time", {"envoy_cluster_name": "pool-b"}
    bounds = bounds_of("router_envoy", name)
    page = watch("envoy", NAMES)(histogram_samples(name, cluster, bounds, [400.0, 700.0, 40_000.0]))
    made = page.distributions_of(catalog.ROUTER_END_TO_END)[CODE]
    at = dict(zip(catalog.REQUEST_TIME_BOUNDS, made.counts, strict=True))
    assert (at[0.5], at[1.0], at[30.0], at[60.0]) == (1.0, 2.0, 2.0, 3.0)
    assert at[0.8] is None
    assert (made.count, made.sum) == (3.0, 41.1)


def test_a_cluster_that_nobody_explained_is_other_and_counted(watch):
    """Envoy has clusters for everything."""
    page = watch("envoy", NAMES)(
        [("envoy_cluster_upstream_rq_active", {"envoy_cluster_name": "xds"}, 5.0)]
    )
    assert told(page, catalog.ROUTER_IN_FLIGHT) == {
        ("demo", "eu", "other", "eu", "other", "other"): 5.0
    }
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "model"] == 1.0


def test_the_ai_gateway_tells_outcomes_by_error_type_and_times(watch):
    """The model is the one that the user asked for, whatever it was sent as."""
    whole, first = (
        "gen_ai_server_request_duration_seconds",
        "gen_ai_server_time_to_first_token_seconds",
    )
    file = "router_envoy_ai_gateway"
    labels = {"gen_ai_original_model": "code", "gen_ai_request_model": "org/code-7b"}
    page = watch("envoy-ai-gateway")([
        *histogram_samples(whole, labels, bounds_of(file, whole), [2.0, 3.0]),
        *histogram_samples(whole, {**labels, "error_type": "_OTHER"}, bounds_of(file, whole), [1]),
        *histogram_samples(whole, {**labels, "error_type": "429"}, bounds_of(file, whole), [1]),
        *histogram_samples(whole, {**labels, "error_type": "400"}, bounds_of(file, whole), [1]),
        *histogram_samples(first, labels, bounds_of(file, first), [0.07, 0.3]),
    ])  # fmt: skip
    assert told(page, catalog.ROUTER_REQUESTS) == {
        (*CODE, "ok"): 2.0,
        (*CODE, "error"): 1.0,
        (*CODE, "rate_limited"): 1.0,
    }
    made = page.distributions_of(TTFT)[CODE]
    assert (made.count, made.counts[TTFT.bounds.index(0.08)]) == (2.0, 1.0)
    assert catalog.ROUTER_IN_FLIGHT.name not in page.values


OLD, NEW = "inference_objective_", "llm_d_epp_"


def epp(prefix, running, target):
    """What a picker counts under one generation of names."""
    labels = {"model_name": "chat", "target_model_name": target}
    bounds = bounds_of("router_llm_d", f"{prefix}request_duration_seconds")
    return [
        (f"{prefix}request_total", labels, 12.0),
        (f"{prefix}request_error_total", {**labels, "error_code": "ServiceUnavailable"}, 1.0),
        (f"{prefix}request_error_total", {**labels, "error_code": "ModelServerError"}, 2.0),
        (f"{prefix}request_error_total", {**labels, "error_code": "BadRequest"}, 4.0),
        *histogram_samples(f"{prefix}request_duration_seconds", labels, bounds, [1.0, 5.0]),
        *histogram_samples(f"{prefix}request_ttft_seconds", labels, bounds, [0.1]),
        (f"{prefix}{running}", {"model_name": "chat"}, 6.0),
    ]


@pytest.mark.parametrize(
    "samples",
    [
        epp(OLD, "running_requests", "r2"),
        epp(NEW, "request_running", "r2"),
        epp(OLD, "running_requests", "r2") + epp(NEW, "request_running", "r2"),
    ],
    ids=["old names", "new names", "both at once"],
)
def test_llm_d_is_counted_once_whatever_names_it_serves(watch, samples):
    """A picker in transition serves both: never both."""
    page = watch("llm-d")(samples)
    assert told(page, catalog.ROUTER_REQUESTS) == {
        (*R2, "ok"): 2.0,
        (*R2, "rejected"): 1.0,
        (*R2, "error"): 2.0,
    }
    assert told(page, catalog.ROUTER_ATTEMPTS) == {(*R2, "first"): 12.0}
    assert page.distributions_of(TTFT)[R2].count == 1.0
    assert page.distributions_of(catalog.ROUTER_END_TO_END)[R2].count == 2.0
    unknown = ("demo", "eu", "chat", "eu", "other", "other")
    assert told(page, catalog.ROUTER_IN_FLIGHT) == {unknown: 6.0}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "revision"] == 0.0


@pytest.mark.parametrize(
    ("target", "names", "revision"),
    [("r1", {}, "r1"), ("chat", {}, "other"), ("canary", {}, "other"), ("", {}, "other"),
     ("canary", {"canary": {"model": "chat", "revision": "r2"}}, "r2"),
     ("chat", {"chat": {"model": "chat", "revision": "r1"}}, "r1")],
)  # fmt: skip
def test_the_target_of_llm_d_is_the_revision(watch, target, names, revision):
    """As it is called, as the topology explains it, or nobody knows."""
    labels = {"model_name": "chat", "target_model_name": target}
    page = watch("llm-d", names)([(f"{NEW}request_total", labels, 1.0)])
    assert told(page, catalog.ROUTER_ATTEMPTS) == {
        ("demo", "eu", "chat", "eu", revision, "other", "first"): 1.0
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_zeros_are_served_of_what_a_dialect_tells_and_of_nothing_else(watch, dialect):
    """A timeout that it cannot see is absent: a 0 would be made up."""
    page = watch(dialect)([])
    missing = {labels[-1] for labels in page.of(catalog.ROUTER_MISSING)}
    outcomes = {labels[-1] for labels in page.of(catalog.ROUTER_REQUESTS)}
    assert outcomes == {each for each in catalog.OUTCOMES if f"outcome_{each}" not in missing}
    attempts = {labels[-1] for labels in page.of(catalog.ROUTER_ATTEMPTS)}
    assert attempts == {each for each in catalog.ATTEMPTS if f"attempt_{each}" not in missing}
    assert bool(page.distributions_of(TTFT)) == ("time_to_first_token" not in missing)
    assert bool(page.distributions_of(catalog.ROUTER_END_TO_END)) == ("end_to_end" not in missing)
    assert bool(page.of(catalog.ROUTER_IN_FLIGHT)) == ("in_flight" not in missing)
    tiers = {labels[5] for labels in page.of(catalog.ROUTER_REQUESTS)}
    told = {"other"} if "tier" in missing else {*catalog.TIERS, catalog.PROBE_TIER}
    assert tiers == told


def test_what_is_missing_depends_on_what_the_topology_explains(watch):
    """Clusters of Envoy have a model once somebody says which."""
    for names, missing in (({}, True), (NAMES, False)):
        page = watch("envoy", names)([])
        whats = {labels[-1] for labels in page.of(catalog.ROUTER_MISSING)}
        assert ("model" in whats, "revision" in whats) == (missing, missing)


def test_the_documentation_lists_what_each_dialect_does_not_tell():
    """The same as the metric says."""
    lines = README.read_text().splitlines()
    for name, dialect in DIALECTS.items():
        missing = dialect.missing(names_models=True, names_revisions=True)
        told = ", ".join(f"`{each}`" for each in missing) or "nothing"
        assert f"| `{name}` | {told} |" in lines


def services():
    """What stands beside a router of the demo."""
    lane = {"model": "chat", "revision": "r1", "tier": "pro"}
    return [
        ("metering_tokens_billed_total", {**lane, "phase": "prompt"}, 900.0),
        ("safety_checks_total", {"model": "chat", "stage": "input", "verdict": "passed"}, 30.0),
        ("safety_check_seconds_total", {"model": "chat"}, 1.5),
        ("residency_requests_total", {"model": "chat", "tier": "gov", "home_region": "eu"}, 4.0),
        ("residency_requests_total", {"model": "chat", "tier": "gov", "home_region": "x"}, 2.0),
        ("weights_loads_total", {"model": "chat"}, 3.0),
        ("weights_load_seconds_total", {"model": "chat"}, 240.0),
        ("weights_load_retries_total", {"model": "chat"}, 1.0),
        ("weights_info", {"model": "chat", "group": "g0", "revision": "r1", "hash": "ab12"}, 1.0),
        ("weights_info", {"model": "chat", "group": "g1", "revision": "r2", "hash": "?!"}, 1.0),
        ("weights_info", {"model": "chat", "group": "zz", "revision": "r2", "hash": "cd"}, 1.0),
    ]


def test_the_services_beside_a_router_are_served(watch):
    """Metering, safety, residency, weights."""
    page = watch("demo")(services())
    cell = ("demo", "eu", "chat", "eu")
    assert told(page, catalog.BILLED_TOKENS) == {(*cell, "r1", "pro", "prompt"): 900.0}
    assert told(page, catalog.SAFETY_CHECKS) == {(*cell, "input", "passed"): 30.0}
    assert told(page, catalog.SAFETY_SECONDS) == {cell: 1.5}
    assert told(page, catalog.RESIDENCY_REQUESTS) == {
        (*cell, "gov", "eu"): 4.0,
        (*cell, "gov", "other"): 2.0,
    }
    assert told(page, catalog.WEIGHTS_LOADS) == {cell: 3.0}
    assert told(page, catalog.WEIGHTS_LOAD_SECONDS) == {cell: 240.0}
    assert told(page, catalog.WEIGHTS_LOAD_RETRIES) == {cell: 1.0}
    assert told(page, catalog.WEIGHTS_INFO) == {
        ("demo", "eu", "chat", "g0", "eu", "r1", "ab12"): 1.0,
        ("demo", "eu", "chat", "g1", "eu", "r2", "other"): 1.0,
        ("demo", "eu", "chat", "other", "eu", "r2", "other"): 1.0,
    }


def test_their_counters_exist_from_zero_on_where_a_router_has_them(watch):
    """And not at all where it has not: nobody counts there."""
    page = watch("demo")(services())
    assert page.of(catalog.SAFETY_CHECKS)["demo", "eu", "code", "eu", "output", "bypassed"] == 0.0
    assert page.of(catalog.RESIDENCY_REQUESTS)["demo", "eu", "chat", "eu", "free", "eu"] == 0.0
    without = watch("demo")([])
    assert catalog.SAFETY_CHECKS.name not in without.values
    assert catalog.BILLED_TOKENS.name not in without.values


def test_a_group_has_one_hash_of_weights_on_a_page(watch):
    """Two would be one too many, and a way to explode."""
    read = watch("demo")
    info = {"model": "chat", "group": "g0", "revision": "r1"}
    page = read([("weights_info", {**info, "hash": f"h{n}"}, 1.0) for n in range(9)])
    assert {labels[-1] for labels in page.of(catalog.WEIGHTS_INFO)} == {"h0", "other"}
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["router", "hash"] == 8.0
    page = read([("weights_info", {**info, "hash": "new"}, 1.0)])
    assert {labels[-1] for labels in page.of(catalog.WEIGHTS_INFO)} == {"new"}
