"""``shardwatch init``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from exporters.documents import Document
from exporters.options import read_duration
from exporters.problems import InputError, problem
from exporters.routing_key import routing_key_problem
from exporters.topology import HttpUrl, LabelValue
from slo.adopt.access import Credentials
from slo.adopt.command import Wanted, adopt
from slo.adopt.report import write_summary

app = typer.Typer(add_completion=False)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NAMES: TypeAdapter[str] = TypeAdapter(LabelValue)
_URLS: TypeAdapter[str] = TypeAdapter(HttpUrl)


@app.command()
def init(
    *,
    prometheus: Annotated[
        str,
        typer.Option(
            "--prometheus",
            metavar="URL",
            help="The server that scrapes vLLM: Prometheus, or what speaks its HTTP API.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")] = Path(),
    cluster: Annotated[
        str, typer.Option(metavar="NAME", help="Of the cluster; which of several, if labels say.")
    ] = "",
    region: Annotated[
        str, typer.Option(metavar="NAME", help="Of all that no label gives a region.")
    ] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=VALUE", help="Only series that have this label; may be given again."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="To look back for what was kept.")] = 28,
    timeout: Annotated[
        str, typer.Option(metavar="DURATION", help="For one answer of the server.")
    ] = "30s",
    pagerduty_key: Annotated[
        Path | None,
        typer.Option(
            "--pagerduty-key",
            metavar="FILE",
            help="Of the routing key of whom pages wake; another receiver is said in the file.",
        ),
    ] = None,
    bearer_token_file: Annotated[Path | None, typer.Option(metavar="FILE")] = None,
    username: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="FILE")] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who signed the server's certificate.")
    ] = None,
    cert_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ours, where it asks for one.")
    ] = None,
    key_file: Annotated[Path | None, typer.Option(metavar="FILE")] = None,
    insecure_skip_verify: Annotated[
        bool, typer.Option("--insecure-skip-verify", help="Believe any certificate.")
    ] = False,
    http_config: Annotated[
        Path | None,
        typer.Option(
            "--http-config",
            metavar="FILE",
            help="How the server is asked, in place of the options above: credentials, headers "
            "(X-Scope-OrgID), TLS.",
        ),
    ] = None,
) -> None:
    """Write topology.yaml and shardwatch.yaml from what a running Prometheus sees of vLLM.

    Nothing of the server's is changed, and no file that is there is written over. What was worked
    out by what, what has no place and what is in doubt stands in ADOPTION.md.
    """
    adopted, files = adopt(
        Wanted(
            url=_checked("--prometheus", prometheus, _URLS),
            out=out,
            cluster=_checked("--cluster", cluster, _NAMES) if cluster else "",
            region=_checked("--region", region, _NAMES) if region else "",
            where=_read_where(where or ()),
            days=days,
            timeout_seconds=read_duration("--timeout", timeout),
            pagerduty_key=_key_file("--pagerduty-key", pagerduty_key),
            credentials=Credentials(
                bearer_token_file,
                username,
                password_file,
                ca_file,
                cert_file,
                key_file,
                insecure_skip_verify,
                http_config,
            ),
        )
    )
    typer.echo(write_summary(adopted))
    for file in files:
        typer.echo(f"wrote {file}")


def _checked(option: str, value: str, type_: TypeAdapter[str]) -> str:
    try:
        return type_.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        raise InputError([problem(option, said)]) from None


def _key_file(option: str, file: Path | None) -> Path | None:
    """Return the path of a file that holds a routing key, from the root on."""
    if file is None:
        return None
    if wrong := routing_key_problem(file, Document(option, {}, {}), ()):
        raise InputError([wrong])
    return file.absolute()


def _read_where(pairs: Iterable[str]) -> dict[str, str]:
    where: dict[str, str] = {}
    for pair in pairs:
        label, equals, value = pair.partition("=")
        if not equals or not _LABEL.fullmatch(label) or not value:
            found = f"found {pair!r}, expected LABEL=VALUE"
            raise InputError([problem("--where", found)])
        if label in where:
            raise InputError([problem("--where", f"found two values of {label}")])
        where[label] = value.strip('"')
    return where
