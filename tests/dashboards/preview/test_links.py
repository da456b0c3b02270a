"""Links: they keep what is chosen, and lead nowhere that a click must not."""

import pytest

from dashboards.interpolation import Standing
from dashboards.preview.links import Carried, board_links, safe_address, value_links
from dashboards.preview.reading import boards_of_texts
from dashboards.preview.variables import chosen_alone

VARIABLES = chosen_alone(
    [{"name": "region", "multi": True}], {"region": ["eu", "a&b"]}, {"region": ["eu"]}
)
CARRIED = Carried(
    VARIABLES, "now-6h", "now", {each.name: each.standing for each in VARIABLES}
)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/d/x?a=b", "/d/x?a=b"),
        ("d/x", "/d/x"),
        ("https://wiki/x", "https://wiki/x"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("java\nscript:alert(1)", None),
        (" data:text/html,x", None),
        ("//evil/x", None),
        ("/\\evil/x", None),
        ("vbscript:x", None),
        ("http://[", None),
    ],
)
def test_only_pages_are_led_to(address: str, expected: str | None):
    """Of http, https, mail, or of our own."""
    assert expected == safe_address(address)


def test_a_values_link_has_its_labels_the_choice_and_the_time():
    """As the Fleet board's to an objective."""
    url = "/d/slo?${region:queryparam}&var-slo=${__field.labels.slo}&${__url_time_range}"
    (found,) = value_links(
        [{"title": "Open ${__field.labels.slo}", "url": url}],
        CARRIED,
        {"__field.labels.slo": "a b"},
    )
    assert "Open a b" == found["title"]
    assert "/d/slo?var-region=eu&var-region=a%26b&var-slo=a%20b&from=now-6h&to=now" == found["href"]


def test_a_label_cannot_make_an_address_lead_elsewhere():
    """It is a name within an address, whatever it begins with."""
    (found,) = value_links(
        [{"url": "${__field.labels.a}"}], CARRIED, {"__field.labels.a": "//evil"}
    )
    assert "/%2F%2Fevil" == found["href"]
    assert [] == value_links([{"url": "javascript:x"}], CARRIED, {})


def test_boards_are_linked_by_address_and_by_tags():
    """Keeping variables and time where the link says so."""
    text = """{"uid": "%s", "title": "%s", "tags": ["t"], "panels": [], "links": [
      {"type": "link", "title": "Next", "url": "/d/b", "includeVars": true, "keepTime": true},
      {"type": "link", "title": "Plain", "uri": "/d/b"},
      {"type": "dashboards", "title": "All", "tags": ["t"], "asDropdown": true,
       "keepTime": true}]}"""
    boards = boards_of_texts({f"{each}.json": text % (each, each.upper()) for each in "ab"})
    following, plain, menu = board_links(boards["a"], boards, CARRIED)
    assert "/d/b?var-region=eu&var-region=a%26b&from=now-6h&to=now" == following["href"]
    assert "/d/b" == plain["href"]
    assert [("B", "/d/b?from=now-6h&to=now")] == [
        (each["title"], each["href"]) for each in menu["links"]
    ]


def test_what_is_chosen_stands_in_an_address_though_all_is():
    """The word for all, which the next board understands."""
    every = chosen_alone([{"name": "r", "includeAll": True}], {"r": ["$__all"]}, {})
    carried = Carried(every, "now-1h", "now", {"r": Standing((".*",), is_raw=True, is_all=True)})
    assert "var-r=%24__all" == carried.choice
