"""Templates: what Prometheus parses is taken, and nothing else."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slo.spec.templates import wrong_with_template

TAKEN = r"""
plain, { braces }} and $labels
{{ .Labels.region }}
{{- $labels.region -}} {{$value|humanize}}
{{ $value | printf "%.2f" }}
{{ $x := 1 }}{{ $x = 2 }}{{ $x }}
{{ if $value }}a{{ else if eq $value 1.0 }}b{{ else }}c{{ end }}
{{ range $i, $e := query "up" }}{{ if $i }}, {{ end }}{{ $e.Labels.job }}{{ else }}none{{ end }}
{{ with $found := query `up{job="}}"}` }}{{ $found | first | value }}{{ end }}
{{ with printf `up{job=%q}` $labels.job | query }}{{ . | first | label "job" }}{{ end }}
{{ (query "up" | first).Value }}
{{/* nothing }} */}}{{- /* nothing */ -}}
{{ define "x" }}a{{ end }}{{ template "x" . }}{{ block "y" . }}b{{ end }}
{{ range query "up" }}{{ if true }}{{ break }}{{ else }}{{ continue }}{{ end }}{{ end }}
{{ index $externalLabels "a" }} {{ externalURL }} {{ $externalURL }} {{ pathPrefix }} {{ nil }}
{{ reReplaceAll "(.*)" "$1" $labels.a | title }} {{ parseDuration "1h" | humanizeDuration }}
{{ 'a' }} {{ -3 }} {{ 1.5e3 }} {{ 0x1F }} {{ "\"\n\x41" }}
""".strip().splitlines()

REFUSED = {
    "{{ .Foo": "found {{ without }}, expected both",
    "{{ $labels.region }": "found '}' in an action, expected none",
    "{{ }}": "found an action without a value, expected one",
    "{{ $region }}": "found the variable $region, expected one of $, $externalLabels, "
    "$externalURL, $labels, $value",
    "{{ with $x := 1 }}{{ end }}{{ $x }}": "found the variable $x, expected one of",
    "{{ $a, $b := 1 }}": "found the variable $a, expected one of",
    "{{ region }}": "found the function 'region', which Prometheus does not have",
    "{{ if $value }}a": "found {{ if }} without {{ end }}",
    "{{ if $value }}a{{ else }}b": "found {{ else }} without {{ end }}",
    "{{ if }}a{{ end }}": "found an action without a value, expected one",
    "a{{ end }}": "found {{ end }} with nothing to end",
    "a{{ else }}": "found {{ else }} without {{ if }}, {{ with }} or {{ range }}",
    "{{ if true }}a{{ else }}b{{ else }}c{{ end }}": "found {{ else }} without",
    '{{ range query "up" }}a{{ else if true }}b{{ end }}': "found 'if' after else",
    "{{ if true }}a{{ end x }}": "found 'x' after end",
    "{{ (query `up` }}": "found ( without )",
    "{{ query `up`) }}": "found ) without (",
    "{{ () }}": "found nothing before ), expected a value",
    "{{ | humanize }}": "found nothing before |, expected a value",
    '{{ $value | "%.1f" }}': """found '"%.1f"' after |, expected a function""",
    "{{ 1 + 2 }}": "found '+' in an action, expected none",
    "{{ $labels.a-b }}": "found '-' in an action, expected none",
    '{{ printf"%d" 1 }}': "expected a space within",
    '{{ "a".Foo }}': "expected a space within",
    '{{ "abc }}': "found '\"' in an action, expected none",
    '{{ "\\q" }}': "found '\"' in an action, expected none",
    "{{ 3a }}": "found the function '3a'",
    "{{ break }}": "found break outside of a range",
    "{{ define x }}a{{ end }}": "found define without a name in quotes",
    "{{ if true }}{{ define `x` }}{{ end }}{{ end }}": "found define within a block",
    "{{ /* not at its beginning */ }}": "found '/' in an action",
    "{{{ $value }}}": "found '{' in an action, expected none",
}


def test_every_template_that_prometheus_takes_is_taken(promtool: Path, tmp_path: Path):
    """As promtool has it."""
    assert set() == refused_by(promtool, TAKEN, tmp_path)
    assert [] == [found for found in map(wrong_with_template, TAKEN) if found]


def test_every_template_that_prometheus_refuses_is_refused(promtool: Path, tmp_path: Path):
    """And nothing beside: one of them would stop all rules."""
    assert set(range(len(REFUSED))) == refused_by(promtool, list(REFUSED), tmp_path)


@pytest.mark.parametrize("text", REFUSED)
def test_a_template_that_is_broken_is_told(text: str):
    """With what was found."""
    found = wrong_with_template(text)

    assert found is not None
    assert found.startswith("found the template ")
    assert REFUSED[text] in found


@given(st.text(alphabet="{}-/* \n\"`'\\$.|(),:=aif end1", max_size=30).map("{{{{ {}".format))
def test_any_text_is_a_template_or_none(text: str):
    """With a sentence, and without an end of the program."""
    found = wrong_with_template(text)

    assert found is None or found.startswith("found ")


def refused_by(promtool: Path, templates: list[str], folder: Path) -> set[int]:
    """Return the indexes of the templates that promtool refuses."""
    annotations = {f"t{index}": text for index, text in enumerate(templates)}
    rule = {"alert": "Any", "expr": "up", "annotations": annotations}
    file = folder / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))
    assert yaml.safe_load(file.read_text())
    done = subprocess.run(
        [promtool, "check", "rules", file], capture_output=True, text=True, check=False
    )
    found = re.findall(r'annotation "t(\d+)"', done.stdout + done.stderr)
    assert (done.returncode != 0) == bool(found)
    return set(map(int, found))
