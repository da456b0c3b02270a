"""Sums of counters survive the restart of one of them, in Prometheus itself."""

import yaml

from slo.spec.queries import events_per_second
from slo.testing import Expectation, RuleTest, run_rule_tests

INTERVAL_SECONDS = 15
QUERIES = {
    "summed": "sum(requests_total)",
    "joined": 'requests_total{source="a"} + ignoring (source) requests_total{source="b"}',
    "counted": "sum(increase(requests_total[{{.window}}]))",
    "by_hand": "sum(rate(requests_total[$window]))",
}


def test_a_restart_is_no_burst_of_events(promtool, tmp_path):
    """Each source counts 2 events a second; one begins anew at 20 minutes, from a million."""
    rules = [
        {"record": name, "expr": events_per_second(query).replace("$window", "1m")}
        for name, query in QUERIES.items()
    ]
    text = yaml.safe_dump({"groups": [{"name": "g", "interval": "15s", "rules": rules}]})
    steady, anew = "0+30x200", "1000000+30x79 0+30x120"
    # Two counters that together give 4 events a second; a rate over the restart misses one step.
    expected = [
        Expectation(f"round({name}, 0.1)", at_seconds, {"{}": rate})
        for name in QUERIES
        for at_seconds, rate in ((600, 4.0), (1800, 4.0))
    ] + [Expectation(f"max_over_time({name}[50m]) < bool 4.1", 3000, {"{}": 1}) for name in QUERIES]

    run_rule_tests(
        promtool,
        text,
        [
            RuleTest(
                "a restart",
                {
                    'requests_total{source="a"}': steady,
                    'requests_total{source="b"}': anew,
                },
                expected,
            )
        ],
        INTERVAL_SECONDS,
        tmp_path,
    )
