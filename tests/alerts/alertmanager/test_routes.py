"""The tree of routes is read as Alertmanager reads it (seen of 0.25.0)."""

import pytest

from alerts.alertmanager.routes import read_route

ALERT = {"alertname": "A", "x": "1", "y": "2"}


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        (["x"], None, {"x": "1"}),
        (["x"], [], {"x": "1"}),
        (["x"], ["y"], {"y": "2"}),
        (["x"], ["..."], ALERT),
        (["..."], [], ALERT),
        (["..."], ["y"], {"y": "2"}),
        (None, None, {}),
        (None, ["missing"], {}),
    ],
)
def test_what_a_route_groups_by_is_inherited_where_it_names_nothing(parent, child, expected):
    """An empty list names nothing; three dots are all labels."""
    routes = [{"receiver": "b", **({} if child is None else {"group_by": child})}]
    config = {"receiver": "a", "routes": routes}
    root = read_route(config if parent is None else {**config, "group_by": parent})

    [route] = root.matching(ALERT)
    assert expected == route.group_labels(ALERT)
