"""The series of virtual time are what exporters would read off the pages of the same moment."""

from collections.abc import Iterator

import numpy as np
import pytest

from demo.sim.pages import Pages
from demo.sim.plan import planned_fleet
from demo.sim.series import Name, Series
from demo.sim.simulation import Simulation
from exporters import catalog
from exporters.dialects import read_dialect
from exporters.exposition import PageReader

NOW = 1_790_000_000.0
DURATIONS = f"{read_dialect('otel_tools').families[0].name}_count"


def simulate(groups: int = 9) -> tuple[Simulation, Series]:
    """Return an hour of a small cluster, in which nothing fails by itself."""
    simulation = Simulation(planned_fleet(groups), seed=1, now=NOW, failure_rate=0)
    state = simulation.state
    for _ in range(60):
        simulation.step()
    return simulation, Series(state.fleet, state.tools.cells)


@pytest.fixture(scope="module")
def ran() -> tuple[Simulation, Series]:
    """Return a cluster that is only looked at."""
    return simulate()


def told(simulation: Simulation, series: Series) -> dict[tuple[str, frozenset], float]:
    """Return the values by name and labels, without the cluster's."""
    values = series.values(simulation.state).tolist()
    return {
        (each.name, frozenset((k, v) for k, v in each.labels if k != catalog.CLUSTER)): value
        for each, value in zip(series.names, values, strict=True)
    }


def on_page(page: bytes, name: str, **more: str) -> Iterator[tuple[frozenset, float]]:
    """Yield labels, some more of them, and the value of each sample of a name."""
    for sample, value in PageReader().read(page).items():
        if sample.name == name:
            yield frozenset({**sample.labels, **more}.items()), value


def test_each_series_has_one_name_and_the_labels_of_its_family(ran):
    """As the catalogue has them; a bucket has its bound as well."""
    names = ran[1].names
    assert len(set(names)) == len(names) == len(ran[1].values(ran[0].state))
    for each in names:
        family = next(
            family for name, family in catalog.FAMILIES.items() if each.name.startswith(name)
        )
        labels = tuple(label for label, _ in each.labels if label != "le")
        assert labels == family.labels, each


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("router_requests_total", "shardwatch_router_requests_total"),
        ("router_request_attempts_total", "shardwatch_router_attempts_total"),
        ("router_requests_in_flight", "shardwatch_router_requests_in_flight"),
        (
            "router_time_to_first_token_seconds_bucket",
            "shardwatch_router_time_to_first_token_seconds_bucket",
        ),
        (
            "router_time_to_first_token_seconds_sum",
            "shardwatch_router_time_to_first_token_seconds_sum",
        ),
    ],
)
def test_routers_say_what_their_pages_say(ran, theirs, ours):
    """Series by series."""
    state, values = ran[0].state, told(*ran)
    pages = Pages(state.fleet, state.tools.cells)
    found = {
        labels: value
        for at, (name, region) in enumerate(state.fleet.routers)
        for labels, value in on_page(pages.router(state, at), theirs, region=region, router=name)
    }
    assert found
    assert found == {labels: value for (name, labels), value in values.items() if name == ours}
    assert any(found.values())


@pytest.mark.parametrize(
    ("theirs", "ours", "more"),
    [
        ("vllm:num_requests_running", "group_requests_running", {}),
        ("vllm:kv_cache_usage_perc", "group_kv_cache_usage_ratio", {}),
        ("vllm:prompt_tokens_total", "group_tokens_total", {"phase": "prompt"}),
        ("vllm:generation_tokens_total", "group_tokens_total", {"phase": "generation"}),
        ("vllm:iteration_tokens_total_count", "group_steps_total", {}),
        ("vllm:prefix_cache_hits_total", "group_prefix_cache_hit_tokens_total", {}),
    ],
)
def test_groups_say_what_their_engines_pages_say(ran, theirs, ours, more):
    """Under the names that the exporter gives them."""
    state, values = ran[0].state, told(*ran)
    pages = Pages(state.fleet, state.tools.cells)
    for group in range(state.fleet.groups):
        region, model = state.fleet.cells[state.fleet.cell_of_group[group]]
        labels = {"region": region, "model": model, "group": state.fleet.names.group(group)}
        ((_, value),) = on_page(pages.engine(state, group), theirs)
        assert values[f"shardwatch_{ours}", frozenset({**labels, **more}.items())] == value


def test_tools_count_the_calls_that_their_gateways_show(ran):
    """By outcome, and by how long they took."""
    state, values = ran[0].state, told(*ran)
    pages = Pages(state.fleet, state.tools.cells)
    shown = sum(
        value
        for at in range(len(state.fleet.gateways))
        for _, value in on_page(pages.gateway(state, at), DURATIONS)
    )

    def total(name: str, **labels: str) -> float:
        return sum(
            value
            for (each, of), value in values.items()
            if each == name and labels.items() <= dict(of).items()
        )

    calls = total("shardwatch_tool_calls_total")
    assert calls > 0
    assert shown == calls == total("shardwatch_tool_call_duration_seconds_count")
    assert calls == total("shardwatch_tool_call_duration_seconds_bucket", le="+Inf")


def test_a_group_that_lost_a_gpu_is_dead_and_its_engine_answers():
    """Capacity 0, that GPU down and no other; the seconds since the last step grow."""
    simulation, series = simulate()
    place = dict(
        simulation.faults.strike(simulation.state, "lost-gpu", {"group": "eu-chat-0"}).place
    )
    for _ in range(2):
        simulation.step()
    values = told(simulation, series)

    def of_group(name: str, **labels: str) -> float:
        place = {"region": "eu", "model": "chat", "group": "eu-chat-0", **labels}
        return values[f"shardwatch_{name}", frozenset(place.items())]

    assert of_group("group_state", state="dead") == 1.0
    assert sum(of_group("group_state", state=each) for each in catalog.GROUP_STATES) == 1.0
    assert of_group("group_capacity_ratio") == 0.0
    assert of_group("group_up") == of_group("group_health_ok") == 1.0
    assert of_group("group_seconds_since_step") == 30.0
    down = [labels for (name, labels), v in values.items() if name == "shardwatch_gpu_up" and not v]
    assert [dict(labels)["uuid"] for labels in down] == [place["uuid"]]


def test_an_engine_that_restarts_has_no_series_from_its_page():
    """Not a 0: Prometheus would have nothing. Its neighbours' are there."""
    simulation, series = simulate()
    simulation.faults.strike(simulation.state, "killed-engine", {"group": "eu-chat-0"})
    simulation.step()
    values = told(simulation, series)
    running = {
        dict(labels)["group"]: value
        for (name, labels), value in values.items()
        if name == "shardwatch_group_requests_running"
    }
    assert [group for group, value in running.items() if np.isnan(value)] == ["eu-chat-0"]
    place = frozenset({"region": "eu", "model": "chat", "group": "eu-chat-0"}.items())
    assert values["shardwatch_group_up", place] == 0.0


def test_a_dark_region_has_no_routers_series():
    """And the others have theirs."""
    simulation, series = simulate()
    simulation.faults.strike(simulation.state, "lost-region", {"region": "us"})
    simulation.step()
    gone = {
        dict(labels)["region"]
        for (name, labels), value in told(simulation, series).items()
        if name == "shardwatch_router_requests_total" and np.isnan(value)
    }
    assert gone == {"us"}


def test_names_are_made_only_when_asked_for():
    """A fleet of a million GPUs has as many names and more."""
    state = Simulation(planned_fleet(9), seed=1, now=NOW, failure_rate=0, warm_up_seconds=0).state
    series = Series(state.fleet, state.tools.cells)
    series.values(state)
    assert "names" not in vars(series)
    assert isinstance(series.names[0], Name)
