"""Labels of alerts are rendered as Go's templates do, or refused."""

import pytest

from slo.replay.label_templates import check_template, format_number, read_template, uses_value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"), (100.0, "100"), (123456.7, "123456.7"), (1e6, "1e+06"),
        (-1234567.5, "-1.2345675e+06"), (1e22, "1e+22"), (0.0001, "0.0001"),
        (0.00001234, "1.234e-05"), (float("nan"), "NaN"), (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_go_writes_them(value: float, expected: str):
    """As promtool 2.42 shows them."""
    assert expected == format_number(value)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("page", "page"),
        ("{{ $labels.region }}-{{.Labels.model}}", "eu-chat"),
        ("at {{ $value }}", "at 2.5"),
        ("a {{- $labels.region -}} b", "aeub"),
        ("{{ $labels.missing }}", ""),
    ],
)
def test_labels_and_the_value_are_put_in(template: str, expected: str):
    """With or without space around."""
    assert expected == read_template(template)({"region": "eu", "model": "chat"}, 2.5)


def test_a_label_that_says_the_value_is_known():
    """It makes a new alert of each value."""
    assert [True, False] == [uses_value("{{ $value }}"), uses_value("{{ $labels.value }}")]


@pytest.mark.parametrize(
    "template", ["{{ $value | humanize }}", "{{ if $labels.x }}y{{ end }}", "{{ $labels.x"]
)
def test_everything_else_is_refused(template: str):
    """With a sentence."""
    wrong = check_template(template)
    assert wrong is not None
    assert wrong[0].startswith("found {{")
