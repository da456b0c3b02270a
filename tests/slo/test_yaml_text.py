"""Text that we write is YAML for anybody who reads it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slo.yaml_text import write_yaml

TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="ab:#-'\"{}[]|>&*!%@` \n\t.0123456789~=?,éx\x85\u2028\ufeff"),
    st.sampled_from(["yes", "no", "null", "~", "1", "1.5", "0x1F", "1e3", "1:30", "2024-01-01",
                     "-", "- a", "---", "...", "? a", "=", "<<", ".inf", "", " ", "a ", " a"]),
)  # fmt: skip
KEYS = st.from_regex(r"[a-z_]+", fullmatch=True)
DATA = st.recursive(
    TEXTS, lambda inner: st.lists(inner) | st.dictionaries(KEYS | TEXTS, inner), max_leaves=20
)


class Dumper(yaml.SafeDumper):
    """PyYAML, told to write as we do."""

    def increase_indent(self, flow=False, indentless=False):  # noqa: FBT002 - as PyYAML has it
        """Indent the items of a list."""
        super().increase_indent(flow, indentless=False)


Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


@given(st.dictionaries(KEYS, DATA, min_size=1) | st.lists(DATA, min_size=1))
def test_any_data_reads_as_it_was_written(data):
    """Whatever is in an expression or in an annotation: quotes, signs, emptiness, other scripts."""
    assert data == yaml.safe_load(write_yaml(data))


@pytest.mark.parametrize(
    "text",
    [
        'sum by (cell) (rate(requests_total{outcome="error"}[1m]))',
        "{{ $value | humanize }} of 'all'",
        "first\n  second\n\nthird",
        "ends with a line\n",
        "vector(0.999)",
        "0.999",
        "5m",
        "true",
        "a: b",
        "a #b",
        "# a",
        "[5m]",
        "42",
        "2024-01-01",
        "größer: 測試 🙂",
    ],
)
def test_the_text_is_what_pyyaml_writes(text):
    """Byte by byte, so that files that are there already do not change."""
    data = {"groups": [{"name": text, "rules": [{"expr": text, "labels": {"a": text}}]}]}

    written = yaml.dump(data, Dumper=Dumper, sort_keys=False, width=1_000_000, allow_unicode=True)

    assert written == write_yaml(data)
