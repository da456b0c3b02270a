"""Pages in the form of prometheus-client."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.utils import floatToGoString

from demo.sim.exposition import PageFamily, format_number, make_template
from exporters.dialects import ForeignFamily


def _family(**parts: Any):
    return ForeignFamily(**{"name": "x", "type": "gauge", "help": "X.", "labels": (), **parts})


@given(st.floats(allow_nan=False))
def test_numbers_are_written_as_prometheus_client_writes_them(value):
    """So that a page read back and written again is the same."""
    assert format_number(value) == floatToGoString(value)


def test_a_counter_stands_on_the_page_with_its_created_gauge():
    """The gauges of a family come together, after it."""
    counter = _family(name="x_total", type="counter", labels=("a",), created=True)
    template = make_template([PageFamily(counter, (("1",), ("2",)))])
    assert template.fill([3.0, 4.0, 1e9, 2e9]).decode() == (
        "# HELP x_total X.\n# TYPE x_total counter\n"
        'x_total{a="1"} 3.0\nx_total{a="2"} 4.0\n'
        "# HELP x_created X.\n# TYPE x_created gauge\n"
        'x_created{a="1"} 1e+09\nx_created{a="2"} 2e+09\n'
    )


def test_the_bound_stands_among_sorted_labels_and_after_others():
    """prometheus-client sorts labels, OpenTelemetry's exporter does not."""
    one = _family(name="one", type="histogram", labels=("engine", "model_name"))
    two = _family(name="two", type="histogram", labels=("tool", "model"))
    text = make_template(
        [PageFamily(one, (("0", "m"),), (2.0,)), PageFamily(two, (("t", "m"),), (2.0,))]
    ).text
    assert 'one_bucket{engine="0",le="2.0",model_name="m"} %s\n' in text
    assert 'two_bucket{tool="t",model="m",le="2.0"} %s\n' in text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])) | st.just('\\"\n%s'))
def test_any_label_value_comes_back_from_the_page(value):
    """Quotes, backslashes, line ends and percent signs included."""
    template = make_template([PageFamily(_family(labels=("a",)), ((value,),))])
    (family,) = text_string_to_metric_families(template.fill([1.0]).decode())
    assert [sample.labels for sample in family.samples] == [{"a": value}]


def test_slots_say_where_a_family_stands():
    """A histogram without bounds still has +Inf, count and sum."""
    histogram = _family(name="h", type="histogram", created=True)
    template = make_template(
        [PageFamily(_family(), ((),)), PageFamily(histogram, ((),), (1.0, math.pi))]
    )
    assert template.slots == {"x": slice(0, 1), "h": slice(1, 6), "h_created": slice(6, 7)}
    assert template.size == 7
