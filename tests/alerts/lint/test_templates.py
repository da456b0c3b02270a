"""What templates ask for."""

import pytest

from alerts.lint.names import Names
from alerts.lint.templates import is_copy, labels_asked_for, shows_value

LABELS = {
    "{{ $labels.a }} and {{ .Labels.b }}": ["a", "b"],
    '{{ index $labels "a" }}': ["a"],
    '{{ printf "x{a=%q}" $labels.a | query }}': ["a"],
    "{{ range query `x` }}{{ .Labels.host }}{{ $labels.a }}{{ end }}{{ .Labels.b }}": ["a", "b"],
    "{{ with .Labels.a }}{{ .Labels.b }}{{ end }}": ["a"],
    "{{ if .Labels.a }}{{ .Labels.b }}{{ end }}": ["a", "b"],
    "{{ $labels }}": [],
    "{{ $labels.a": [],
    "$labels.a": [],
    "{{ $labels.a }}{{ $labels.a }}": ["a"],
}


@pytest.mark.parametrize("text", LABELS)
def test_a_template_asks_for_labels_of_its_alert(text):
    """And for those of a query's elements, which are none of the alert's."""
    assert LABELS[text] == labels_asked_for(text)


VALUES = {
    "{{ $value }}": True,
    "{{ .Value }}": True,
    "{{ $value | humanize }}": True,
    "{{ printf `%f` $value }}": True,
    "{{ if gt $value 0.5 }}a{{ else }}b{{ end }}": False,
    "{{ if $labels.a }}{{ $value }}{{ end }}": True,
    "{{ range query `x` }}{{ .Value }}{{ end }}": True,
    "{{ with query `x` }}{{ . | first | value }}{{ end }}": True,
    "{{ query `x` | first | value | humanize }}": True,
    "{{ if gt (query `x` | first | value) 5.0 }}a{{ end }}": False,
    "{{ query `x` | first | label `value` }}": False,
    "{{ with .Labels }}{{ .Value }}{{ end }}": False,
    "{{ $labels.value }}": False,
    "$value": False,
}


@pytest.mark.parametrize("text", VALUES)
def test_a_template_shows_the_value_or_only_compares_it(text):
    """Its own, or one that it asks for: what is compared changes only as it crosses a threshold."""
    assert shows_value(text) is VALUES[text]


def test_a_copy_of_a_label_is_the_label_itself():
    """Written in either way."""
    assert is_copy("{{ $labels.a }}", "a")
    assert is_copy("{{.Labels.a}}", "a")
    assert not is_copy("{{ $labels.b }}", "a")


def test_names_may_be_all_but_some():
    """Sets of them are as sets are."""
    some, others = Names.of("ab"), Names.but("bc")
    assert "a" in some
    assert "c" not in some
    assert "z" in others
    assert "c" not in others
    assert Names.of("a") == some & others
    assert Names.but("c") == some | others
    assert Names.of("b") == some - others
    assert Names.but("abc") == others - some
    assert Names.but("ab") == ~some
