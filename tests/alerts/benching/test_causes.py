"""What causes cost is measured on a fleet that has what they read."""

from alerts.benching.causes import GPUS_OF_GROUP, fleet_series, measure_evaluation


def test_a_fleet_has_its_groups_gpus_and_states():
    """One state of each group is the right one, and nothing else is told."""
    names = ("shardwatch_group_state", "shardwatch_gpu_reason", "up")
    found = [dict(each.labels) for each in fleet_series(3, names)]
    up = [
        each
        for each in fleet_series(3, ("shardwatch_group_state",))
        if each.labels["__name__"] == "shardwatch_group_state" and each.values[0] == 1
    ]

    gpus = {each["uuid"] for each in found if each["__name__"] == "shardwatch_gpu_reason"}
    assert 3 * GPUS_OF_GROUP == len(gpus)
    assert {("g0", "up"), ("g1", "up"), ("g2", "up")} == {
        (each.labels["group"], each.labels["state"]) for each in up
    }


async def test_causes_cost_more_than_cells_which_are_not_for_nothing():
    """Many more rules: three times as much processor time. No rule fails on such a fleet."""
    costs = await measure_evaluation(8)

    assert 0 < costs.cells < costs.causes
