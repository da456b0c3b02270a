"""Every check of an expression, be it of a rule or of a panel."""

from __future__ import annotations

from alerts.lint.grading import Check

OF_EXPRESSIONS = (
    Check("promql/counter", "warning", "The value of a known counter in place of its rate: all "
          "events since a process began; or its `delta` or `deriv`, to which a restart is a fall."),
    Check("promql/excluded", "warning", "A matcher that leaves out (`!=`, `!~`) values which its "
          "label never has (`outcome!=\"okk\"`): all is selected, what was meant to be left out, "
          "too."),
    Check("promql/few-samples", "warning", "A rate over fewer than 4 scrape intervals: one scrape "
          "that is late or lost leaves a gap."),
    Check("promql/gauge", "error", "The rate of a gauge, or of a recorded series: each fall counts "
          "as a restart."),
    Check("promql/histogram", "error", "A quantile of buckets that have lost `le`, or one that is "
          "not from 0 to 1 (`histogram_quantile(99, ...)`), or a bucket that a known histogram has "
          "not (`le=\"3.7\"`)."),
    Check("promql/label", "error", "A label is selected or grouped by that the series cannot have, "
          "or that is mistyped, or a series is selected by a value that its label never has "
          "(`state=\"ded\"`): nothing is selected, or all cells become one."),
    Check("promql/matching", "error", "Two sides of an operator that can never match: a label of "
          "which they must agree is on one of them only."),
    Check("promql/named-counter", "info", "The value of a series that is called as a counter is "
          "(`_total`), and is not known: some are gauges all the same."),
    Check("promql/no-samples", "error", "A rate over fewer than 2 scrape intervals: there is "
          "hardly ever one."),
    Check("promql/recorded", "warning", "A series with a recorded one's name (it has a colon) that "
          "none of the rules given records."),
    Check("promql/renamed", "warning", "A family that vLLM renamed or removed: newer engines do "
          "not serve it."),
    Check("promql/renamed-label", "info", "A label as dcgm-exporter called it before May 2026: "
          "newer ones write another (`hostname` for `Hostname`), and fleets may have both."),
    Check("promql/series", "error", "A series that does not exist: one with a name as ours have it "
          "that no exporter serves and no rule records; with `--prometheus` any that the server "
          "had no sample of within an hour."),
    Check("promql/unknown", "info", "A series that is neither recorded by the rules given nor of "
          "anybody known: our exporters, vLLM, dcgm-exporter, routers, Prometheus, Alertmanager. "
          "`--prometheus` tells whether it exists."),
)  # fmt: skip
