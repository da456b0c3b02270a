"""The writer of the text format."""

import math
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from exporters import catalog, rendering
from exporters.exposition import PageReader
from exporters.page import Distribution, Page
from exporters.rendering import Renderer, format_value

GROUP = ("demo", "eu", "chat", "eu-chat-0")


def test_a_page_without_series_is_empty():
    """A family without series is not announced."""
    page = Page()
    page.of(catalog.GPU_UP)
    assert Renderer().render(page) == ""


def test_families_come_in_the_catalogues_order_and_series_in_the_pages():
    """So two pages can be compared by eye."""
    page = Page()
    page.of(catalog.TOOLS_UP)["demo", "us", "gateway-us"] = 1.0
    page.of(catalog.ROUTER_UP)["demo", "us", "us"] = 1.0
    page.of(catalog.ROUTER_UP)["demo", "eu", "eu"] = 0.0
    assert Renderer().render(page) == (
        "# HELP shardwatch_router_up"
        " 1 if the router's page answered the last collection, else 0.\n"
        "# TYPE shardwatch_router_up gauge\n"
        'shardwatch_router_up{cluster="demo",region="us",router="us"} 1.0\n'
        'shardwatch_router_up{cluster="demo",region="eu",router="eu"} 0.0\n'
        "# HELP shardwatch_tools_up"
        " 1 if the tool gateway's page answered the last collection, else 0.\n"
        "# TYPE shardwatch_tools_up gauge\n"
        'shardwatch_tools_up{cluster="demo",region="us",gateway="gateway-us"} 1.0\n'
    )


def test_label_values_are_escaped():
    """A quote or line feed in a name does not break the page."""
    page = Page()
    page.of(catalog.ROUTER_UP)["d", "e", 'a"b\\c\nd'] = 1.0
    (family,) = text_string_to_metric_families(Renderer().render(page))
    assert family.samples[0].labels["router"] == 'a"b\\c\nd'


def test_a_histogram_has_its_buckets_its_sum_and_its_count():
    """In the order of the format's examples."""
    page = Page()
    bounds = catalog.GROUP_QUEUE_TIME.bounds
    counts = (1.0, *[2.0] * (len(bounds) - 1))
    page.distributions_of(catalog.GROUP_QUEUE_TIME)[GROUP] = Distribution(counts, 3.0, 4.5)
    lines = Renderer().render(page).splitlines()[2:]
    labels = 'cluster="demo",region="eu",model="chat",group="eu-chat-0"'
    name = "shardwatch_group_request_queue_time_seconds"
    assert lines[:2] == [
        f'{name}_bucket{{{labels},le="0.3"}} 1.0',
        f'{name}_bucket{{{labels},le="0.5"}} 2.0',
    ]
    assert lines[-3:] == [
        f'{name}_bucket{{{labels},le="+Inf"}} 3.0',
        f"{name}_sum{{{labels}}} 4.5",
        f"{name}_count{{{labels}}} 3.0",
    ]
    assert len(lines) == len(bounds) + 3


def test_a_bound_that_the_source_lacks_is_left_out():
    """Rather than guessed."""
    page = Page()
    bounds = catalog.GROUP_QUEUE_TIME.bounds
    counts = (None, *[2.0] * (len(bounds) - 1))
    page.distributions_of(catalog.GROUP_QUEUE_TIME)[GROUP] = Distribution(counts, 3.0, 4.5)
    text = Renderer().render(page)
    assert 'le="0.3"' not in text
    assert 'le="0.5"' in text


def test_pages_rendered_one_after_another_do_not_mix():
    """What is remembered are texts, never series."""
    renderer = Renderer()
    for region in ("eu", "us"):
        page = Page()
        page.of(catalog.ROUTER_UP)["demo", region, "r"] = 1.0
        assert renderer.render(page).splitlines()[2:] == [
            f'shardwatch_router_up{{cluster="demo",region="{region}",router="r"}} 1.0'
        ]


def test_texts_of_series_that_are_gone_are_forgotten():
    """Memory is bounded by what a page has."""
    renderer = Renderer()
    for number in range(2000):
        page = Page()
        page.of(catalog.ROUTER_UP)["demo", "eu", str(number)] = 1.0
        renderer.render(page)
    assert sum(map(len, renderer._texts.values())) < 1000


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1.0"), (0.1, "0.1"), (1e17, "1e+17"), (math.inf, "+Inf"), (-math.inf, "-Inf"),
     (math.nan, "NaN")],
)  # fmt: skip
def test_values_are_written_as_the_format_has_them(value, text):
    """Also those that no exporter should serve."""
    assert format_value(value) == text


def test_promtool_finds_nothing_wrong_with_any_family(find_program):
    """Names, helps, units and the format itself."""
    page = Page()
    for family in catalog.FAMILIES.values():
        labels = tuple("x" for _ in family.labels)
        if family.bounds:
            zero = Distribution((0.0,) * len(family.bounds), 0.0, 0.0)
            page.distributions_of(family)[labels] = zero
        else:
            page.of(family)[labels] = 0.0
    checked = subprocess.run(
        [find_program("promtool"), "check", "metrics"],
        input=Renderer().render(page), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_openmetrics_announces_counters_without_their_suffix_and_has_an_end():
    """Samples are the same in both formats."""
    page = Page()
    page.of(catalog.GROUP_STEPS)[GROUP] = 7.0
    labels = 'cluster="demo",region="eu",model="chat",group="eu-chat-0"'
    assert Renderer().render(page, openmetrics=True) == (
        "# HELP shardwatch_group_steps Steps of the engine.\n"
        "# TYPE shardwatch_group_steps counter\n"
        f"shardwatch_group_steps_total{{{labels}}} 7.0\n"
        "# EOF\n"
    )


def test_a_foreign_counter_without_the_suffix_is_of_unknown_kind_in_openmetrics():
    """It has no such counters, and the name is not ours to change."""
    foreign = catalog.Family("DCGM_FI_DEV_TOTAL", "counter", 'A "total".', ())
    assert rendering._announcement(foreign, openmetrics=True) == (
        '# HELP DCGM_FI_DEV_TOTAL A \\"total\\".\n# TYPE DCGM_FI_DEV_TOTAL unknown\n'
    )


@pytest.mark.parametrize("name", ["gpu", "groups", "router", "tools"])
def test_prometheus_client_reads_a_whole_page_of_openmetrics_as_the_text_format(name):
    """Its reader of OpenMetrics is the strict one."""
    text = (Path(__file__).parent / f"golden/{name}.prom").read_text()
    page = Page()
    for series, value in PageReader().read(text.encode()).items():
        family = catalog.FAMILIES.get(series.name)
        if family:
            page.of(family)[tuple(series.labels.values())] = value
    page.distributions_of(catalog.GROUP_QUEUE_TIME)[GROUP] = Distribution(
        (1.0,) * len(catalog.GROUP_QUEUE_TIME.bounds), 3.0, 4.5
    )
    renderer = Renderer()
    expected = samples_of(text_string_to_metric_families(renderer.render(page)))
    found = samples_of(openmetrics_families(renderer.render(page, openmetrics=True)))
    assert found == expected
    assert len(found) > 20


def samples_of(families):
    """The samples of families, comparable."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
