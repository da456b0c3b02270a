"""Which alerts tell of which faults."""

import pytest

from demo.faults import FAULTS
from demo.stack.signs import SIGNS, alerts_of, tells_of
from demo.stack.truth import ActiveFault

DEAD = {"alertname": "ShardGroupDead", "region": "us", "model": "chat", "group": "us-chat-0"}


@pytest.mark.parametrize(
    ("place", "tells"),
    [
        ({"region": "us"}, True),
        ({"group": "us-chat-0", "host": "h1"}, True),
        ({"region": "eu"}, False),
        ({"region": "us", "group": "us-chat-1"}, False),
        ({"host": "h1"}, False),
        ({}, False),
    ],
)
def test_an_alert_is_about_a_place_where_all_that_both_name_is_the_same(
    place: dict[str, str], *, tells: bool
):
    """At least one thing must be named by both."""
    assert tells == tells_of(DEAD, place)


def test_only_the_alerts_of_its_kind_tell_of_a_fault():
    """A dead group does not tell of a lost region, nor anything of a wrong answer."""
    stalled = DEAD | {"alertname": "ShardGroupStalled"}
    down = {"alertname": "RegionDown", "region": "us"}
    region = ActiveFault("lost-region", {"region": "us"}, None, 0.0)
    assert [down] == alerts_of(region, [stalled, DEAD, down])
    wrong = ActiveFault("silent-corruption", {"group": "us-chat-0"}, 0.3, 0.0)
    assert [] == alerts_of(wrong, [stalled, DEAD])


def test_misrouted_data_is_told_of_where_it_belongs():
    """The alert stands where it was served."""
    alert = {"alertname": "DataOutsideRegion", "region": "us", "home_region": "eu"}
    assert tells_of(alert, {"region": "eu"})
    assert not tells_of(alert, {"region": "us"})


def test_only_faults_that_there_are_have_signs():
    """And those that last: an event is over before anybody looks."""
    assert SIGNS.keys() <= FAULTS.keys()
    assert all(FAULTS[name].repaired for name in SIGNS)
