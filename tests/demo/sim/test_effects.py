"""What each fault does, as users and pages see it."""

import numpy as np
import pytest

from demo.faults import FAULTS
from demo.sim.engines.state import Phase
from demo.sim.truth import BILLED, GENERATED, PROMPT
from exporters.catalog import OUTCOMES, TIERS

OF_SIMULATOR = {
    kind.name for kind in FAULTS.values() if "sim" in kind.engines and not kind.by_stack
}


def _router(run, region, read_total, sample, **labels: str):
    page = run.pages().router(run.state, run.fleet.regions.index(region))
    return read_total(page, sample, **labels)


def _gateway(run, read_total, **labels: str):
    page = run.pages().gateway(run.state, 0)
    return read_total(page, "gen_ai_execute_tool_duration_seconds_count", **labels)


def _host(run, host, sample, read_samples):
    page = run.pages().host(run.state, run.fleet.names.find_hosts(host))
    return {s.labels["UUID"]: s.value for s in read_samples(page) if s.name == sample}


class TestHardware:
    """A group lives or dies as one, and is as fast as its slowest GPU."""

    def test_lost_gpu(self, warm, read_samples):
        """It is gone from its host's page but for its XID, and its group is dead."""
        warm.strike("lost-gpu", group="eu-chat-0", uuid="GPU-eu-chat-0-1-0")
        warm.seconds(15)
        assert warm.told()["gpus"] == {"GPU-eu-chat-0-1-0": "lost"}
        assert warm.told()["groups"] == {"eu-chat-0": "dead"}
        assert (
            _host(warm, "eu-chat-0-h1", "DCGM_FI_DEV_XID_ERRORS", read_samples)["GPU-eu-chat-0-1-0"]
            == 79
        )
        assert "GPU-eu-chat-0-1-0" not in _host(
            warm, "eu-chat-0-h1", "DCGM_FI_DEV_GPU_TEMP", read_samples
        )

    @pytest.mark.parametrize(("strength", "xid", "up"), [(1.0, 95, False), (0.3, 94, True)])
    def test_ecc_error(self, warm, read_samples, strength, xid, up):
        """The engine dies; it comes back by itself if the error was contained."""
        fault = warm.strike("ecc-error", strength, group="eu-chat-0")
        gpu = warm.simulation.faults.active[fault].place
        warm.seconds(2)
        assert warm.state.engines.phase[warm.group("eu-chat-0")] == Phase.LOADING
        warm.seconds(60)
        phase = warm.state.engines.phase[warm.group("eu-chat-0")]
        assert (phase == Phase.SERVING) == up
        xids = _host(warm, gpu["host"], "DCGM_FI_DEV_XID_ERRORS", read_samples)
        assert xids[gpu["uuid"]] == xid
        assert warm.told()["gpus"] == ({} if up else {gpu["uuid"]: "degraded"})

    def test_nvlink_error(self, warm):
        """Every step takes twice as long; at 1 it hangs."""
        group = warm.group("us-chat-0")
        slow = warm.strike("nvlink-error", 0.5, group="us-chat-0")
        warm.seconds(10)
        assert warm.told()["groups"] == {"us-chat-0": "degraded"}
        assert warm.state.engines.step_seconds[group] > 0.05
        warm.repair(slow)
        warm.strike("nvlink-error", 1.0, group="us-chat-0")
        warm.seconds(5)
        assert warm.told()["groups"] == {"us-chat-0": "dead"}

    def test_thermal(self, warm, read_samples):
        """A rack warms up within minutes, and its GPUs slow down."""
        before = _host(warm, "eu-chat-0-h1", "DCGM_FI_DEV_GPU_TEMP", read_samples)
        warm.strike("thermal", 0.6, host="eu-chat-0-h1")
        (fault,) = warm.simulation.faults.active.values()
        assert "eu-chat-0-h1" in fault.place["hosts"].split(",")
        warm.seconds(400)
        after = _host(warm, "eu-chat-0-h1", "DCGM_FI_DEV_GPU_TEMP", read_samples)
        assert all(after[uuid] > before[uuid] + 10 for uuid in before)
        assert warm.state.hardware.speed[warm.group("eu-chat-0")] < 1
        assert warm.told()["groups"]["eu-chat-0"] in ("degraded", "dead", "starting")

    def test_straggler(self, warm):
        """Its group's users get their tokens later, and nothing else says so."""
        other = warm.group("us-chat-1")
        warm.strike("straggler", 0.4, group="us-chat-0")
        warm.seconds(30)
        steps = warm.state.engines.step_seconds
        assert steps[warm.group("us-chat-0")] > 1.4 * steps[other]
        assert warm.told()["groups"] == {"us-chat-0": "degraded"}

    def test_lost_host(self, warm):
        """Its engine dies at once, and its page does not answer."""
        fault = warm.strike("lost-host", group="eu-chat-0", host="eu-chat-0-h1")
        warm.seconds(2)
        assert warm.told()["groups"] == {"eu-chat-0": "dead"}
        assert warm.told()["gpus"] == {f"GPU-eu-chat-0-1-{gpu}": "lost" for gpu in (0, 1)}
        assert warm.state.hardware.dark[warm.fleet.names.find_hosts("eu-chat-0-h1")].all()
        warm.repair(fault)
        warm.seconds(60)
        assert (warm.told()["groups"], warm.told()["gpus"]) == ({}, {})

    def test_lost_power(self, warm):
        """The first groups of each model go dark, and are back with their hosts."""
        fault = warm.strike("lost-power", 0.75, region="us")
        warm.seconds(2)
        dead = warm.told()["groups"]
        names = map(warm.fleet.names.group, range(warm.fleet.groups))
        groups = [each for each in names if each.startswith("us-") and "gov" not in each]
        assert {"dead"} == set(dead.values())
        assert round(0.75 * len(groups)) == len(dead)
        assert {each for each in groups if each.endswith("-0")} <= dead.keys() <= {*groups}
        warm.repair(fault)
        warm.seconds(60)
        assert {} == warm.told()["groups"]

    def test_driver_patch(self, warm, read_samples):
        """Groups restart one after the other; their hosts' pages name the new driver."""
        warm.strike("driver-patch", 0.001, region="eu", model="chat")
        warm.seconds(70)
        page = warm.pages().host(warm.state, warm.fleet.names.find_hosts("eu-chat-0-h0"))
        assert b'DCGM_FI_DRIVER_VERSION="580.105.08"' in page
        assert warm.state.loads.ended[warm.cell("eu", "chat")] >= 1

    def test_silent_corruption(self, warm):
        """Answers are wrong, and no counter knows."""
        warm.strike("silent-corruption", 0.3, group="us-chat-0")
        assert warm.bad_ratio("us", "chat", seconds=60) < 0.01
        (told,) = warm.told()["wrong_answers"]
        assert told["labels"] == {"region": "us", "model": "chat"}
        wrong = told["count"]
        ok = warm.ended("us", "chat")["ok"]
        assert wrong / ok == pytest.approx(0.15, abs=0.03)
        assert (warm.told()["groups"], warm.told()["gpus"]) == ({}, {})


class TestEngines:
    """Processes stop, die, and start again."""

    def test_frozen_worker(self, warm):
        """The engine stalls; all its GPUs are well."""
        warm.strike("frozen-worker", group="eu-chat-0")
        warm.seconds(5)
        assert warm.told()["groups"] == {"eu-chat-0": "stalled"}
        assert warm.told()["gpus"] == {}
        assert warm.state.routers.routable[warm.group("eu-chat-0")]

    @pytest.mark.parametrize("name", ["killed-worker", "killed-engine"])
    def test_killed(self, warm, name):
        """It starts again at once."""
        warm.strike(name, group="eu-chat-0")
        warm.seconds(2)
        assert warm.told()["groups"] == {"eu-chat-0": "starting"}
        warm.seconds(60)
        assert warm.told()["groups"] == {}

    def test_engine_restart(self, warm):
        """It drains first."""
        warm.strike("engine-restart", group="eu-chat-0")
        warm.seconds(2)
        assert warm.told()["groups"] == {"eu-chat-0": "draining"}

    def test_slow_weights(self, warm, read_total):
        """The router's page shows longer loads."""
        warm.strike("slow-weights", 3.0, region="eu")
        warm.strike("killed-engine", group="eu-chat-0")
        warm.seconds(120)
        assert _router(warm, "eu", read_total, "weights_load_seconds_total") >= 60

    def test_bad_canary(self, warm, read_total):
        """Errors appear in its lane."""
        warm.strike("bad-canary", 0.8, region="eu", model="chat")
        warm.seconds(90)
        errors = _router(
            warm, "eu", read_total, "router_requests_total",
            model="chat", revision="r2", outcome="error",
        )  # fmt: skip
        assert errors > 20

    def test_cache_flush(self, warm, read_total):
        """Prompts miss."""
        before = warm.engine_page("eu-code-0")
        warm.strike("cache-flush", region="eu", model="code")
        warm.seconds(20)
        after = warm.engine_page("eu-code-0")
        cached, asked = (
            read_total(after, name) - read_total(before, name)
            for name in ("vllm:prompt_tokens_cached_total", "vllm:prompt_tokens_total")
        )
        assert cached / asked < 0.4


class TestTools:
    """Calls fail, are slow, or meet captchas."""

    def test_tool_outage(self, warm):
        """Objectives see it: calls of eu's agents and coders."""
        before = {str(c["labels"]): c["bad"] for c in _classes(warm, "tool-success")}
        warm.strike("tool-outage", region="eu", tool="code_execution")
        warm.seconds(60)
        grown = {
            each["labels"]["region"]: each["bad"] - before[str(each["labels"])]
            for each in _classes(warm, "tool-success")
            if each["labels"]["model"] == "code"
        }
        assert grown["eu"] > 200
        assert grown["us"] < 30

    def test_slow_tool(self, warm, read_total):
        """What takes too long times out."""
        before = _gateway(warm, read_total, error_type="timeout")
        warm.strike("slow-tool", 100.0, region="eu", tool="code_execution")
        warm.seconds(700)
        assert _gateway(warm, read_total, error_type="timeout") > before + 200

    def test_captcha_wave(self, warm, read_total):
        """Pages that are fetched ask for one."""
        before = _gateway(warm, read_total, error_type="captcha")
        warm.strike("captcha-wave", region="eu")
        warm.seconds(120)
        assert _gateway(warm, read_total, error_type="captcha") > before + 20


class TestTraffic:
    """Too many come, or none get through."""

    def test_traffic_spike(self, warm):
        """Three times as many."""
        cell = warm.cell("us", "chat")
        before = warm.state.truth.offered[cell].sum()
        warm.seconds(5)
        usual = warm.state.truth.offered[cell].sum() - before
        warm.strike("traffic-spike", 3.0, region="us", model="chat")
        warm.seconds(5)
        spiked = warm.state.truth.offered[cell].sum() - before - usual
        assert spiked / usual == pytest.approx(3, rel=0.25)

    def test_retry_storm(self, warm, read_total):
        """What fails comes again and again: further attempts on the router's page."""
        warm.strike("retry-storm", 10, region="us", model="code")
        for group in ("us-code-0", "us-code-1"):
            warm.strike("lost-gpu", group=group)
        warm.seconds(30)
        attempts = warm.state.routers.attempts[2 * warm.cell("us", "code")]
        before = attempts.sum(axis=0)
        warm.seconds(60)
        first, again = attempts.sum(axis=0) - before
        assert again > first
        assert (
            _router(
                warm,
                "us",
                read_total,
                "router_request_attempts_total",
                model="code",
                attempt="retry",
            )
            == attempts[:, 1].sum()
        )

    def test_tenant_flood(self, warm):
        """It is turned away, and nobody else suffers."""
        before = warm.ended("us", "chat")["rate_limited"]
        warm.strike("tenant-flood", 2.0, region="us", model="chat", tier="free")
        assert warm.bad_ratio("us", "chat", seconds=60) < 0.01
        assert warm.ended("us", "chat")["rate_limited"] - before > 60 * 48

    def test_lb_blackout(self, warm):
        """Nothing reaches the routers, who see nothing: only users know."""
        truth, eu = warm.state.truth, warm.cell("eu", "chat")
        warm.strike("lb-blackout", region="eu")
        offered, reached = truth.offered[eu].sum(), warm.state.routers.from_outside[eu].sum()
        warm.seconds(30)
        lost = truth.unreachable[eu].sum()
        assert lost == pytest.approx(truth.offered[eu].sum() - offered, rel=0.01)  # rate limits
        assert lost > 1000
        assert warm.state.routers.from_outside[eu].sum() == reached

    def test_lost_region(self, warm):
        """All is dark, and those who may go elsewhere do."""
        warm.strike("lost-region", region="eu")
        warm.seconds(120)
        assert warm.state.truth.unreachable[warm.cell("eu", "chat")].sum() > 2000
        eu = warm.fleet.regions.index("eu")
        abroad = warm.state.routers.from_outside[warm.cell("us", "chat"), :, eu]
        assert abroad[TIERS.index("pro")] > 100
        assert abroad[TIERS.index("gov")] == 0
        groups = {name: state for name, state in warm.told()["groups"].items() if "eu-" in name}
        assert groups == {
            f"eu-{m}-{at}": "dead" for m in ("agent", "chat", "code") for at in (0, 1)
        }


class TestAroundIt:
    """Metering, residency and safety go wrong without any user noticing."""

    def test_metering_loss(self, warm):
        """Fewer tokens are billed than served."""
        warm.strike("metering-loss", 0.05, region="eu")
        warm.seconds(30)
        tokens = warm.state.truth.tokens[warm.cell("eu", "chat")].sum(axis=0)
        assert tokens[BILLED] / (tokens[PROMPT] + tokens[GENERATED]) == pytest.approx(0.95)

    def test_misrouted_data(self, warm, read_total):
        """The residency counters of the other region's router name the region they belong to."""
        warm.strike("misrouted-data", 0.1, region="eu", model="code")
        warm.seconds(60)
        name, of_eu = "residency_requests_total", {"model": "code", "home_region": "eu"}
        abroad = _router(warm, "us", read_total, name, **of_eu)
        at_home = _router(warm, "eu", read_total, name, model="code")
        assert 0.005 < abroad / at_home < 0.1

    def test_safety_bypass(self, warm, read_total):
        """Half of the checks are not made from now on."""
        name, eu = "safety_checks_total", {"model": "chat", "verdict": "bypassed"}
        assert _router(warm, "eu", read_total, name, **eu) == 0
        before = _router(warm, "eu", read_total, name, model="chat")
        warm.strike("safety-bypass", 0.5, region="eu")
        warm.seconds(60)
        checks = _router(warm, "eu", read_total, name, model="chat") - before
        bypassed = _router(warm, "eu", read_total, name, **eu)
        assert bypassed / checks == pytest.approx(0.5, abs=0.01)


def _classes(run, slo):
    return [each for each in run.told()["classes"] if each["slo"] == slo]


def test_every_fault_has_its_test_here():
    """By its name."""
    kinds = (TestHardware, TestEngines, TestTools, TestTraffic, TestAroundIt)
    tested = {name for kind in kinds for name in vars(kind) if name.startswith("test_")}
    names = {name.removeprefix("test_").replace("_", "-") for name in tested}
    assert names - {"killed"} | {"killed-worker", "killed-engine"} == OF_SIMULATOR


def test_a_fault_of_one_region_is_felt_in_no_other(warm):
    """As long as nobody is sent elsewhere."""
    for name, place in (
        ("traffic-spike", {"region": "eu"}),
        ("lost-gpu", {"group": "eu-code-1"}),
        ("cache-flush", {"region": "eu"}),
    ):
        warm.strike(name, **place)
    before = warm.state.truth.outcomes.sum(axis=1).copy()
    warm.seconds(90)
    ended = warm.state.truth.outcomes.sum(axis=1) - before
    bad = ended[:, [OUTCOMES.index(name) for name in ("error", "timeout", "rejected")]].sum(axis=1)
    elsewhere = np.array([region != "eu" for region, _ in warm.fleet.cells])
    assert (bad[elsewhere] <= 0.01 * ended[elsewhere].sum(axis=1)).all()
    assert bad[warm.cell("eu", "code")] > 100
