"""``shardwatch slo validate|rules|import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.options import read_duration
from exporters.problems import InputError, print_problems, problem
from slo.choosing import choose_objectives
from slo.doubts import warnings_of
from slo.objectives import find_named_files
from slo.rule_files import read_form, rules_text
from slo.rules_format import ManifestLabels, MostRules, RulesFormat
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
    Path, typer.Option("--config", help="shardwatch.yaml; with FILES it may be missing.")
]
_DEFAULT_CONFIG = Path("shardwatch.yaml")


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
    http_config: Annotated[
        Path | None,
        typer.Option(
            "--http-config",
            metavar="FILE",
            help="How that server is asked: credentials, headers, TLS. As the configuration says "
            "of its own, if none.",
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
        http_config=http_config,
        retention_seconds=_duration("--retention", retention),
        scrape_interval_seconds=_duration("--scrape-interval", scrape_interval),
    )
    raise SystemExit(print_validation(asked, format_, strict=strict))


@app.command()
def rules(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="OpenSLO or Sloth files, or folders of them, instead of a configuration's."
        ),
    ] = None,
    *,
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
    most: MostRules = None,
    label: ManifestLabels = None,
    scrape_interval: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="By default the configuration's, or 15s."),
    ] = None,
) -> None:
    """Print the recording rules of objectives, without any alert; `shardwatch build` adds these."""
    form = read_form(format_, most, label or [])
    interval = _duration("--scrape-interval", scrape_interval)
    chosen = choose_objectives(paths or [], config, interval)
    text = rules_text(chosen.objectives, chosen.scrape_interval_seconds, chosen.sources, form)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([problem(out, f"cannot be written: {error.strerror}")]) from None


def _duration(option: str, text: str | None) -> float | None:
    return None if text is None else read_duration(option, text)


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
