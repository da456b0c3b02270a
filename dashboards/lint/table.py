"""Every check of dashboards: its id, how grave it is, what it is about."""

from __future__ import annotations

from alerts.lint.grading import Check, Table
from alerts.lint.promql_table import OF_EXPRESSIONS
from dashboards.lint.board import LATEST_CLASSIC_SCHEMA

_CHECKS = (
    # --- boards -------------------------------------------------------------------------------
    Check("boards/datasource", "warning", "A board that asks a Prometheus and has no variable of "
          "data sources: it works where it was made, or with Grafana's default one only."),
    Check("boards/duplicate-uid", "error", "Two boards of the files given have one uid: Grafana "
          "keeps the one that it reads last."),
    Check("boards/empty", "warning", "A board without a panel."),
    Check("boards/ignore", "warning", "A comment `shardwatch:ignore` that names no check, gives no "
          "reason, or suppresses nothing."),
    Check("boards/link", "warning", "A link to a board (`/d/UID`) that is not among the files "
          "given, texts' links included: whoever follows it finds nothing. Not looked at while one "
          "of the files cannot be read."),
    Check("boards/schema", "info", "A board of another schema than the last of the first kind, "
          f"{LATEST_CLASSIC_SCHEMA}, or with rows of panels as before schema 16: Grafana changes "
          "it each time that it loads it, and what it makes of it was not looked at."),
    Check("boards/title", "error", "A board without a title: Grafana refuses it."),
    Check("boards/uid", "warning", "A board without a uid, so that it gets another one, and its "
          "links another address, wherever it is imported; or with one that Grafana refuses."),
    # --- panels -------------------------------------------------------------------------------
    Check("panels/deprecated", "warning", "A panel of a kind that Grafana 12 does not have any "
          "more, with the one that took its place."),
    Check("panels/description", "warning", "A panel with data and without a description: nobody "
          "learns what it shows and how to read it."),
    Check("panels/duplicate-id", "error", "Two panels of a board have one id: links to one lead to "
          "the other, and Grafana gives one of them another id."),
    Check("panels/library", "info", "A panel that a library of Grafana's has: what is in it is not "
          "in the file, and was not looked at."),
    Check("panels/overlap", "warning", "A panel that covers another one, or goes beyond the 24 "
          "columns: Grafana moves it elsewhere."),
    Check("panels/plugin", "info", "A panel of a kind that is not Grafana's own: it is empty "
          "without its plugin."),
    Check("panels/title", "warning", "A panel or a row without a title."),
    Check("panels/type", "warning", "A panel that does not say of which kind it is: nothing of it "
          "is drawn."),
    Check("panels/unbounded", "warning", "A query that gives a series for each instance, engine or "
          "GPU: no aggregation, `topk` or `limitk` holds their number, nor does a variable of one "
          "value choose among them. Where there are thousands the panel is unreadable, and the "
          "browser stops."),
    Check("panels/unit", "warning", "A panel of numbers without a unit: 0.3 may be a share, "
          "seconds or requests; or with one that is mistyped, so that it is written as it is."),
    # --- PromQL -------------------------------------------------------------------------------
    *OF_EXPRESSIONS,
    Check("promql/syntax", "error", "An expression that is no PromQL, whatever the variables "
          "stand for: the panel shows an error."),
    # --- queries ------------------------------------------------------------------------------
    Check("queries/datasource", "warning", "A query that asks one data source by its uid or name, "
          "on a board that has a variable for it: it is empty wherever that one is not."),
    Check("queries/fixed-window", "info", "The rate over a fixed window below an hour on a "
          "graph: where steps are longer than the window, what was between two windows is not "
          "seen. `$__rate_interval` is as long as the steps, and never too short."),
    Check("queries/interval", "warning", "A rate over `$__interval`: as short as a scrape interval "
          "where the time range is short, so that it is empty. `$__rate_interval` is never "
          "shorter than 4 of them."),
    Check("queries/legend", "error", "A legend shows a label that the result cannot have: it is "
          "empty, and series look alike."),
    Check("queries/unread", "info", "An expression in which a variable may stand for a function or "
          "series, and that is no PromQL with either: it was not looked at."),
    # --- variables ----------------------------------------------------------------------------
    Check("variables/duplicate", "error", "Two variables of a board have one name: what is chosen "
          "in one of them changes nothing."),
    Check("variables/label", "error", "A variable offers the values of a label that the series "
          "cannot have: there is none to choose."),
    Check("variables/undefined", "error", "A variable that the board does not define: it stands in "
          "the query or title as it is written."),
)  # fmt: skip

TABLE = Table(_CHECKS, "dashboards/lint/README.md", "boards/ignore")
"""What dashboards are looked at for."""
