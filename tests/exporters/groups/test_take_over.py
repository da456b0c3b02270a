"""What the groups exporter remembers when its topology changes."""

from exporters import catalog
from exporters.groups.core import GroupsCore
from exporters.sources import Answer, Answers
from exporters.testing import telemetry_page
from exporters.topology import Topology

LINES = [
    'vllm:num_requests_running{engine="0"} 1',
    'vllm:num_requests_waiting{engine="0"} 0',
    'vllm:iteration_tokens_total_count{engine="0"} 7',
    'vllm:request_success_total{engine="0",finished_reason="boredom"} 1',
]
PAGE = "\n".join([*LINES, ""]).encode()


def topology(*names: str) -> Topology:
    """Groups of one GPU each."""
    return Topology.model_validate({
        "version": 1,
        "cluster": "demo",
        "groups": [
            {"name": name, "region": "eu", "model": "chat", "revision": "r1",
             "metrics": f"http://{name}/metrics",
             "members": [{"host": name, "gpus": [f"GPU-{name}"], "telemetry": f"http://{name}/t"}]}
            for name in names
        ],
    })  # fmt: skip


def observe(core: GroupsCore, now: float, *, gpus: bool = True):
    """The page when every engine answers without a step; the GPUs may be missing."""
    answers = {}
    for target in core.targets:
        if target.url.endswith("/t"):
            uuid = f"GPU-{target.name}"
            other = {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": now}
            body = telemetry_page({uuid: {} if gpus else None, "GPU-other": other}).encode()
        else:
            body = PAGE
        answers[target] = Answer("none", target.read(body), 200)
    return core.observe(Answers(answers), now)


def state(page, name: str) -> str:
    """A group's state."""
    series = page.of(catalog.GROUP_STATE)
    return next(labels[4] for labels, value in series.items() if labels[3] == name and value)


def test_a_group_that_stays_goes_on_as_it_was_and_counters_do_not_fall():
    """Half a minute without a step is not forgotten because another group was added."""
    core = GroupsCore(topology("a", "b"))
    for second in range(0, 30, 5):
        page = observe(core, 1000.0 + second)
    folded = page.of(catalog.EXPORTER_FOLDED_VALUES)["groups", catalog.FINISH_REASON]
    assert state(page, "a") == "up"
    after = GroupsCore(topology("a", "c"))
    after.take_over(core)
    page = observe(after, 1035.0)
    assert state(page, "a") == "stalled"
    assert state(page, "c") == "up"
    assert page.of(catalog.EXPORTER_FOLDED_VALUES)["groups", catalog.FINISH_REASON] == folded > 0


def test_a_gpu_missing_once_before_and_once_after_the_change_is_lost():
    """Absence needs two looks, whatever the topology did between them."""
    core = GroupsCore(topology("a"))
    observe(core, 1000.0)
    page = observe(core, 1005.0, gpus=False)
    assert state(page, "a") != "dead"
    after = GroupsCore(topology("a", "b"))
    after.take_over(core)
    assert state(observe(after, 1010.0, gpus=False), "a") == "dead"
