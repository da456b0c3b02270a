"""How the commands of lints print what was found, and what they exit with."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import typer

from alerts.lint.report import Report, counted, text_lines, write_json
from exporters.problems import EXIT_BAD_INPUT, EXIT_PROBLEMS_FOUND, InputError


class ReportFormat(StrEnum):
    """For whom the report is."""

    TEXT = "text"
    JSON = "json"


def print_report(report: Report, looked_at: str, format_: ReportFormat) -> int:
    """Print what was found and return the exit code.

    Args:
        report: what was found.
        looked_at: ``2 alerts, 1 recording rule``; told where there is nothing to mend.
        format_: for whom it is.
    """
    if format_ is ReportFormat.JSON:
        typer.echo(write_json(report), nl=False)
    else:
        if not report.must_be_mended:
            typer.echo(f"ok: {looked_at}")
        _print_problems(report)
    return EXIT_PROBLEMS_FOUND if report.must_be_mended else 0


def print_unread(error: InputError, report: Report, format_: ReportFormat) -> int:
    """Print why something could not be read, after what was found elsewhere; return the exit code.

    Args:
        error: with the problems.
        report: of what could be read, which may be nothing.
        format_: for whom it is.

    Raises:
        InputError: the same, if the report is for people: it is printed as any other.
    """
    if format_ is not ReportFormat.JSON:
        _print_problems(report)
        raise error
    every = sorted([*report.problems, *error.problems])
    typer.echo(write_json(replace(report, problems=every)), nl=False)
    return EXIT_BAD_INPUT


def _print_problems(report: Report) -> None:
    for line in text_lines(report):
        typer.echo(line, err=True)
    if report.problems:
        typer.echo(f"{counted(report)}; {report.table.readme} tells more", err=True)
