"""A review's figures as a page, as Markdown, as JSON and as CSV. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from slo.review import wording
from slo.review.cli import ReportFormat
from slo.review.figures import DIMENSIONS, NO_CAUSE
from slo.web.pages import Pages

_TEMPLATES = Path(__file__).with_name("templates")
_STYLE = Path(__file__).with_name("static") / "report.css"
_MARKDOWN = str.maketrans({each: f"\\{each}" for each in "\\`*_{}[]<>#|!~&"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_report(figures: Mapping[str, Any], format_: ReportFormat) -> str:
    """Return the text of a report, with a line's end at its end."""
    writers: Mapping[ReportFormat, Callable[[Mapping[str, Any]], str]] = {
        ReportFormat.HTML: _html,
        ReportFormat.MD: _markdown,
        ReportFormat.JSON: _json,
        ReportFormat.CSV: _csv,
    }
    return writers[format_](figures).rstrip("\n") + "\n"


def line(row: Mapping[str, Any]) -> str:
    """Return an action, a decision, a change or a window of maintenance in one line."""
    if "reason" in row:
        times = f"{wording.moment(row['from'])} to {wording.moment(row['to'])}"
        where = wording.place(row["labels"])
        if "cells" in row:  # older signatures do not say
            where = f"{where}, {wording.covered(row['cells'], row['hours'])}"
        return f"{times}, {where}: {row['reason']}"
    if "owner" in row:
        marks = [each for each in ("closed", "carried_over") if row[each]]
        state = f" ({', '.join(marks).replace('_', ' ')})" if marks else ""
        due = f", due {row['due_on']}" if row["due_on"] else ""
        return f"{row['text']} - {row['owner']}{due}{state}"
    who = f" - {row['by']}" if row.get("by") else ""
    return f"{wording.moment(row['at'])}: {row.get('summary') or row.get('text')}{who}"


def _html(figures: Mapping[str, Any]) -> str:
    from slo.review.showing import report_content  # noqa: PLC0415 - which shows lines of ours

    style = _STYLE.read_text(encoding="utf-8")
    return Pages(_TEMPLATES).write("report.html", style=style, **report_content(figures))


def _json(figures: Mapping[str, Any]) -> str:
    return json.dumps(figures, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _markdown(figures: Mapping[str, Any]) -> str:
    return "\n".join(_markdown_lines(figures))


def _markdown_lines(f: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {_md(f['service'])}: SLO review {_md(f['period'])}"
    yield ""
    state = next((each for each in f["policy"] if each["name"] == f["state"]), None)
    means = f": {_md(state['means'])} Decides: {_md(state['decides'])}." if state else "."
    yield (
        f"{wording.moment(f['from'])} to {wording.moment(f['to'])} UTC. "
        f"Error-budget policy: **{_md(f['state'])}**{means}"
    )
    yield from _table(
        ("Objective", "Target", "Attained", "Verdict", "Budget spent", "Left", "Unknown"),
        (
            (
                each["slo"],
                wording.target(each["target"]),
                wording.attained(each["attainment"]),
                wording.verdict(each["verdict"]),
                wording.percent(each["spent"]),
                wording.percent(each["left"]),
                wording.percent(each["unknown"], 2),
            )
            for each in f["objectives"]
        ),
    )
    for each in f["objectives"]:
        yield from _objective_lines(each, f)
    yield from ("", "## Incidents")
    yield from _table(
        ("No.", "First alert", "End", "Where", "Cause", "Pages", "Bad events of all"),
        (
            (
                str(each["number"]),
                wording.moment(each["from"]),
                wording.moment(each["to"]),
                wording.place(each["labels"]),
                each["cause"] or NO_CAUSE,
                str(each["pages"]),
                wording.count(each["events_bad"]),
            )
            for each in f["incidents"]
        ),
    )
    yield from _alert_lines(f["alerts"])
    for title, key in (
        ("Left out for maintenance", "excluded"),
        ("Changes", "changes"),
        ("Actions", "actions"),
        ("Decisions", "decisions"),
        ("Annotations", "annotations"),
    ):
        if f[key]:
            yield from ("", f"## {title}", "")
            yield from (f"- {_md(line(each))}" for each in f[key])
    yield from ("", f"Figures {f['digest']}, made by shardwatch from its record.")


def _objective_lines(objective: Mapping[str, Any], f: Mapping[str, Any]) -> Iterator[str]:
    spent = objective["spent_by"]
    yield from ("", f"## {_md(objective['slo'])}", "")
    yield (
        f"{wording.count(objective['events_bad'])} of {wording.count(objective['events'])} events "
        f"were bad. The target is {objective['target_is'] or 'not to be judged'}. Would have been "
        "met: "
        + ", ".join(
            f"{wording.target(each['target'])} {'yes' if each['met'] else 'no'}"
            for each in objective["targets"]
        )
        + "."
    )
    known = {str(each["number"]): each for each in f["incidents"]}
    rows = [
        (
            _told(known[each["name"]]),
            wording.percent(each["share"]),
            wording.percent(each["of_budget"]),
        )
        for each in spent["incident"]
    ]
    rest = spent["unexplained"]
    rows.append(("Unexplained", wording.percent(rest["share"]), wording.percent(rest["of_budget"])))
    yield from _table(("What spent it", "Share of bad events", "Of the budget"), rows)
    yield from _table(
        ("By", "Share of bad events"),
        (
            (
                name,
                ", ".join(
                    f"{each['name']} {wording.percent(each['share'])}" for each in spent[name]
                )
                or "nothing",
            )
            for name in ("cause", *DIMENSIONS)
        ),
    )
    if objective["trend"]:
        told = [
            f"{each['period']} "
            + (wording.attained(each["attainment"]) if each["verdict"] else "not in the record")
            for each in objective["trend"]
        ]
        yield from ("", f"Before: {_md(', '.join(told))}.")


def _told(incident: Mapping[str, Any]) -> str:
    where = wording.place(incident["labels"])
    return f"Incident {incident['number']}: {incident['cause'] or NO_CAUSE}, {where}"


def _alert_lines(alerts: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Alerts", "")
    yield (
        f"Pages: {alerts['pages']}. Precision (pages that spent budget): "
        f"{wording.percent(alerts['precision'])}. Recall (what was spent too fast, and paged): "
        f"{wording.percent(alerts['recall'])}. Time to detect, to 5 minutes: "
        f"{wording.duration(alerts['detect_seconds'])}; to resolve: "
        f"{wording.duration(alerts['resolve_seconds'])} (medians)."
    )
    if alerts["noise"]:
        noise = ", ".join(f"{each['alert']} ({each['pages']})" for each in alerts["noise"])
        yield from ("", f"Noise to delete: {_md(noise)}.")


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_md(each) for each in row)} |"


def _csv(figures: Mapping[str, Any]) -> str:
    """Return a row for each cell of each objective, and one for all of its cells."""
    names = ("cluster", *DIMENSIONS)
    columns = ("verdict", "attainment", "events", "events_bad", "spent", "left", "unknown")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["service", "period", "slo", "target", *names, *columns, "recorded_left"])
    for objective in figures["objectives"]:
        own = [figures["service"], figures["period"], objective["slo"], objective["target"]]
        for row in ({**objective, "labels": {}}, *objective["cells"]):
            labels = [row["labels"].get(name, "") for name in names]
            values = [
                "" if row[name] is None else row[name] for name in (*columns, "recorded_left")
            ]
            writer.writerow([_plain(each) for each in (*own, *labels, *values)])
    return out.getvalue()


def _plain(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _md(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line."""
    return " ".join(text.split()).translate(_MARKDOWN)
