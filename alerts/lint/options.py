"""Options that the commands of lints have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts.lint.printing import ReportFormat

PrometheusUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="Ask this server which series exist.")
]
HttpConfigFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="How it is asked: credentials, headers, TLS."),
]
TargetLabels = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="A label that scrapes attach to our exporters' series besides job and instance; "
        "if none is named, they may attach any.",
    ),
]
Format = Annotated[ReportFormat, typer.Option("--format", help="Text for people, or JSON.")]
