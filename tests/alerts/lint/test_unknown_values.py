"""Values that a label never has: which matchers ask for them, and how far that is known."""

import promql_parser
import pytest

from alerts.lint.rules import Rules, Setting
from alerts.lint.unknown_values import leaves_out_none, nearest_value, unknown_values
from slo.promql import selectors_in
from slo.rule_reading.files import read_rule_files

KNOWN = ("dead", "up", "xid_79", "tools/call")
STATES = frozenset({"dead", "stalled", "degraded", "draining", "starting", "sleeping", "up"})

MATCHERS = {
    '="dead"': [],
    '="ded"': ["ded"],
    '="Dead"': ["Dead"],
    '="dead|up"': ["dead|up"],
    '=""': [],
    '!="ded"': [],
    '!~"ded|up"': [],
    '=~"ded"': ["ded"],
    '=~"dead|up"': [],
    '=~"dead|ded"': ["ded"],
    '=~"ded|on"': ["ded", "on"],
    '=~"(dead|ded)"': ["ded"],
    '=~"^(?:ded|tools/call)$"': ["ded"],
    '=~"^ded$"': ["ded"],
    '=~"^dead|up$"': [],
    '=~"de.*"': [],
    '=~".+d"': [],
    '=~"ed.*"': ["ed.*"],
    '=~"5.."': ["5.."],
    '=~"xid_.."': [],
    '=~".*"': [],
    '=~".+"': [],
    '=~"|ded"': ["ded"],
    # More than names between bars: nothing is said of that part.
    '=~"(d|z)ead"': [],
    '=~"(a|b|c)d"': [],
    '=~"[ab|c]d"': [],
    '=~"[)](a|b|c)"': [],
    '=~"a\\\\|b"': [],
    '=~"d(ea|x)d|ded"': ["ded"],
    '=~"(?i)x|DEAD"': [],
}
"""A matcher of a label with the values ``KNOWN``, and what it asks for in vain."""


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_value_that_is_never_there_is_found_where_it_is_asked_for(matcher):
    """Alone or among others; what is left out need not be there."""
    (parsed,) = promql_parser.parse(f"x{{state{matcher}}}").matchers.matchers
    assert MATCHERS[matcher] == list(unknown_values(parsed, KNOWN))


LEAVING_OUT = {
    '!="ded"': True,
    '!="dead"': False,
    '!=""': False,
    '="ded"': False,
    '=~"ded"': False,
    '!~"ded|uup"': True,
    '!~"(ded|xyz_.+)"': True,
    '!~"ded|up"': False,
    '!~"de.*"': False,
    '!~"|ded"': False,
    '!~".+"': False,
    # More than names between bars: nothing is said.
    '!~"d(ea|x)d"': False,
    '!~"(?i)DED"': False,
    '!="(?:state){0}.+"': False,
}
"""A matcher of a label with the values ``KNOWN``, and whether what it leaves out is never there."""


@pytest.mark.parametrize("matcher", LEAVING_OUT)
def test_a_matcher_that_leaves_out_no_value_that_there_is_is_found(matcher):
    """One of several is enough: others may be of another version."""
    (parsed,) = promql_parser.parse(f"x{{state{matcher}}}").matchers.matchers
    assert LEAVING_OUT[matcher] == leaves_out_none(parsed, KNOWN)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("ded", "dead"), ("UP", "up"), ("xid_97", "xid_79"), ("tools/cal", "tools/call"),
     ("fell_over", None)],
)  # fmt: skip
def test_the_nearest_value_is_one_that_looks_alike(value, expected):
    """In whatever case; none if nothing does."""
    assert expected == nearest_value(value, KNOWN)


RULES = """\
groups:
- name: g
  rules:
  - {record: by_state, expr: count by (state) (shardwatch_group_state == 1)}
  - {record: by_group, expr: count by (group) (shardwatch_group_state == 1)}
  - {record: dead_or_gone, expr: by_state}
  - {record: dead_or_gone, expr: sum(x), labels: {state: gone}}
  - {record: dead_or_any, expr: by_state or sum by (state) (x)}
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """Rules that record states of groups, and those of others."""
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(RULES)
    return Rules(read_rule_files([file]))


VALUES = {
    "shardwatch_group_state": STATES,
    "rate(shardwatch_group_state[5m])": STATES,
    'shardwatch_group_state{state!=""}': STATES,
    'shardwatch_group_state{state="dead"}': None,
    "by_state": STATES,
    "topk(1, by_state)": STATES,
    "by_state > 1": STATES,
    "by_state and on () x": STATES,
    "by_group": None,
    "dead_or_gone": STATES | {"gone"},
    "dead_or_any": None,
    "by_state or by_group": STATES,
    'shardwatch_group_state{state="up"} or by_state': STATES,
    "by_group * on () group_left (state) by_state": STATES,
    "by_state * on () group_left (state) by_group": None,
    "by_state * on () group_left (state) x": None,
    'label_replace(by_state, "cell", "$1", "state", "(.+)")': STATES,
    'label_replace(by_state, "state", "$1", "cell", "(.+)")': None,
    'label_join(by_state, "state", "-", "cell", "state")': None,
    "shardwatch_gpu_state or shardwatch_group_state": STATES | {"lost", "hung", "healthy"},
    "x": None,
}
"""An expression, and all values that ``state`` can have in its result; None if nobody knows."""


@pytest.mark.parametrize("expr", VALUES)
def test_values_that_the_catalogue_knows_are_known_of_what_is_made_of_them(rules, expr):
    """As far as the label is kept, and no other may stand in its place."""
    assert VALUES[expr] == rules.labels_of(promql_parser.parse(expr)).values("state")


def test_a_label_that_scrapes_attach_has_values_of_its_own():
    """The exporter's is renamed then."""
    rules = Rules([], Setting(target_labels=frozenset({"severity"})))
    (verdict,) = selectors_in(promql_parser.parse("shardwatch_gpu_verdict_info"))
    found = rules.labels_of(verdict)
    assert found.values("severity") is None
    assert "drain" in found.values("action")
