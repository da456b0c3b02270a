"""What belongs to what."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.sim.fleet import HOSTS_OF_RACK, fleet_of, total_by
from demo.sim.plan import planned_fleet
from exporters.topology import Topology


@pytest.fixture
def fleet(run):
    """The small cluster."""
    return run.fleet


def test_hosts_and_gpus_of_a_group_are_neighbours(fleet):
    """And know their group."""
    gpus = [gpu for group in range(fleet.groups) for gpu in fleet.gpus_of_group(group)]
    assert gpus == list(range(fleet.gpus))
    for group in range(fleet.groups):
        hosts = fleet.hosts_of_group(group)
        assert [fleet.group_of_host[host] for host in hosts] == [group] * 2
        assert [gpu for host in hosts for gpu in fleet.gpus_of_host(host)] == list(
            fleet.gpus_of_group(group)
        )
        for gpu in fleet.gpus_of_group(group):
            assert fleet.group_of_gpu(gpu) == group
            assert gpu in fleet.gpus_of_host(fleet.host_of_gpu(gpu))


def test_a_rack_has_hosts_of_one_region_and_not_too_many():
    """Regions are apart."""
    fleet = planned_fleet(60)
    regions = fleet.region_of_group[fleet.group_of_host]
    for rack in np.unique(fleet.rack_of_host):
        hosts = fleet.rack_of_host == rack
        assert len(set(regions[hosts].tolist())) == 1
        assert hosts.sum() <= HOSTS_OF_RACK


def test_groups_stand_in_their_cells_whatever_the_topologys_order(make_topology):
    """In its order within a cell."""
    topology = make_topology()
    turned = Topology.model_validate({**topology.model_dump(), "groups": topology.groups[::-1]})
    one, two = fleet_of(topology), fleet_of(turned)
    assert one.cells == two.cells
    assert one.cell_of_group.tolist() == two.cell_of_group.tolist()
    assert two.names.group(0) == one.names.group(1)


def test_a_host_of_two_groups_is_found_at_both_its_places(make_topology):
    """It has one page."""
    content = make_topology().model_dump()
    shared = content["groups"][0]["members"][0]["host"]
    member = content["groups"][1]["members"][0]
    member["host"] = shared
    member["telemetry"] = content["groups"][0]["members"][0]["telemetry"]
    fleet = fleet_of(Topology.model_validate(content))
    assert list(fleet.names.find_hosts(shared)) == [0, 2]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=20))
def test_sums_by_place_lose_nothing(pairs):
    """Also places that nothing belongs to."""
    index = np.array([at for at, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.int64)
    expected = [int(values[index == at].sum()) for at in range(4)]
    assert total_by(index, values.astype(float), 4).tolist() == expected
