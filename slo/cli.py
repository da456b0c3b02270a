"""``shardwatch slo validate|rules|import``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from exporters.config import read_config
from exporters.durations import parse_duration
from exporters.problems import InputError, print_problems, problem
from slo.calendars import horizon_note
from slo.doubts import warnings_of
from slo.grouping import FEWEST, limit_groups
from slo.objective import Objective
from slo.objectives import find_named_files, read_objectives
from slo.render import render_groups, render_manifests
from slo.rules import lag_of_vmalert, levels_group, objective_group
from slo.sloth.importing import (
    import_sloth,
    read_period_seconds,
    read_renamed_labels,
    write_texts,
)
from slo.sloth.openslo_text import write_openslo
from slo.validating import ReportFormat, Validation, print_validation

app = typer.Typer(help="Objectives and their rules.", no_args_is_help=True)

_Config = Annotated[
    Path, typer.Option("--config", help="shardwatch.yaml, which names the objectives.")
]
_DEFAULT_CONFIG = Path("shardwatch.yaml")


class RulesFormat(StrEnum):
    """Who reads the rules."""

    PROMETHEUS = "prometheus"
    VMALERT = "vmalert"
    """A rule file too, of rules that wait for what vmalert has not written yet."""
    OPERATOR = "operator"


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="OpenSLO or Sloth files, or folders of them, instead of a configuration's."
        ),
    ] = None,
    *,
    config: _Config = _DEFAULT_CONFIG,
    prometheus: Annotated[
        str | None,
        typer.Option(
            "--prometheus",
            metavar="URL",
            help="Ask this server, too: whether it has what is asked for, and what it costs.",
        ),
    ] = None,
    retention: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="How long Prometheus keeps samples, such as 30d."),
    ] = None,
    scrape_interval: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION", help="Of the rules; by default the configuration's, or 15s."
        ),
    ] = None,
    format_: Annotated[
        ReportFormat, typer.Option("--format", help="Text for people, or JSON.")
    ] = ReportFormat.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings for errors.")] = False,
) -> None:
    """Read objectives, and say what is wrong with them or what their alerts cannot do.

    Exits with 1 if an error was found, with 2 if something could not be read or asked.
    """
    asked = Validation(
        paths=tuple(paths or ()),
        config=config,
        prometheus_url=prometheus,
        retention_seconds=_duration("--retention", retention),
        scrape_interval_seconds=_duration("--scrape-interval", scrape_interval),
    )
    raise SystemExit(print_validation(asked, format_, strict=strict))


@app.command()
def rules(
    config: _Config = _DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A file to write, instead of printing.")
    ] = None,
    format_: Annotated[
        RulesFormat,
        typer.Option(
            "--format",
            help="A rule file, or PrometheusRule manifests of the operator, one an objective.",
        ),
    ] = RulesFormat.PROMETHEUS,
    most: Annotated[
        int | None,
        typer.Option(
            "--max-rules-per-group",
            min=FEWEST,
            help="Split groups of more rules: Mimir takes 20.",
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="NAME=VALUE of manifests, for the operator's ruleSelector."),
    ] = None,
) -> None:
    """Print the recording rules of a configuration's objectives, without any alert."""
    read = read_config(config)
    text = rules_text(
        read_objectives(read),
        read.file.prometheus.scrape_interval,
        config.name,
        format_=format_,
        most_rules=most,
        labels=_labels(label or []),
    )
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([problem(out, f"cannot be written: {error.strerror}")]) from None


def rules_text(
    objectives: Sequence[Objective],
    scrape_interval_seconds: float,
    config_name: str,
    *,
    format_: RulesFormat = RulesFormat.PROMETHEUS,
    most_rules: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> str:
    """Return what ``slo rules`` prints: the recording rules of objectives.

    Args:
        objectives: at least one.
        scrape_interval_seconds: at which the base is recorded.
        config_name: for the header.
        format_: a rule file or manifests.
        most_rules: of a group, at least :data:`slo.grouping.FEWEST`; if None, as many as there are.
        labels: of manifests.
    """
    interval, by_name = scrape_interval_seconds, {}
    lag_seconds = lag_of_vmalert(interval) if format_ is RulesFormat.VMALERT else 0
    for each in objectives:
        groups = [objective_group(each, interval, lag_seconds), levels_group(each, interval)]
        by_name[f"slo-{each.name}"] = limit_groups(groups, most_rules) if most_rules else groups
    sources = sorted({config_name, *(each.file for each in objectives)})
    notes = [note for each in objectives if (note := horizon_note(each))]
    if format_ is RulesFormat.OPERATOR:
        return render_manifests(by_name, sources, notes, labels)
    return render_groups(chain.from_iterable(by_name.values()), sources, notes)


def _labels(given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    wrong = [
        problem("--label", f"found {each!r}, expected NAME=VALUE", fix="write team=inference")
        for each, (name, equals, _) in zip(given, pairs, strict=True)
        if not (name and equals)
    ]
    if wrong:
        raise InputError(wrong)
    return {name: value for name, _, value in pairs}


def _duration(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputError([problem(option, str(error))]) from None


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Sloth's specs, or folders of them.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="A folder to write SERVICE.yaml into, not yet there."),
    ] = None,
    period: Annotated[
        str, typer.Option(help="Of the budgets; sloth generate's --default-slo-period.")
    ] = "30d",
    rename_label: Annotated[
        list[str] | None,
        typer.Option(
            "--rename-label",
            metavar="OLD=NEW",
            help="Keep a label of Sloth's alerts that shardwatch sets itself, such as severity or "
            "alertname, under another name.",
        ),
    ] = None,
) -> None:
    """Turn Sloth's specs into OpenSLO documents, and say what of them is lost."""
    imported = import_sloth(
        find_named_files(paths),
        read_period_seconds(period),
        read_renamed_labels(rename_label or ()),
    )
    texts = write_openslo(imported)
    written = write_texts(out, texts) if out is not None else []
    objectives = [each.objective for each in imported]
    print_problems(doubt for each in objectives for doubt in (*each.notes, *warnings_of(each)))
    if out is None:
        typer.echo("---\n".join(texts.values()), nl=False)
    for path in written:
        typer.echo(f"wrote {path}")
