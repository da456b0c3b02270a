"""``shardwatch paste``."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from alerts.pasting.parts import (
    alertmanager_parts,
    is_alertmanager,
    is_prometheus,
    prometheus_parts,
)
from alerts.pasting.texts import CannotPasteError, Keys, paste, take_out
from exporters.config import Config, read_config
from exporters.documents import read_text
from exporters.problems import InputError, Problem, problem

app = typer.Typer(add_completion=False)
KEPT = ".before-shardwatch"
_BY_HAND = "paste by hand what NEXT.md says"


@app.command("paste")
def paste_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="prometheus.yml, alertmanager.yml.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of `build`.")] = Path("out"),
    config: Annotated[Path, typer.Option("--config", help="shardwatch.yaml.")] = Path(
        "shardwatch.yaml"
    ),
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take it out again.")] = False,
) -> None:
    """Put the lines of NEXT.md into files of a Prometheus and an Alertmanager, or take them out.

    Whatever else stands there stays as it is, byte for byte. A copy of each file is kept beside it
    (.before-shardwatch). No server is told: see NEXT.md, which checks them and lets them reload.
    """
    texts = {each: read_text(each) for each in files}
    if undo:
        changed = {each: take_out(text) for each, text in texts.items()}
    else:
        changed = _pasted(texts, read_config(config), out)
    for file, text in texts.items():
        if changed[file] == text:
            typer.echo(f"{file} is as it was")
            continue
        _write(file, changed[file])
        typer.echo(f"{'took out of' if undo else 'pasted into'} {file}")


def _pasted(texts: Mapping[Path, str], config: Config, out: Path) -> dict[Path, str]:
    problems: list[Problem] = []
    changed: dict[Path, str] = {}
    for file, text in texts.items():
        try:
            changed[file] = paste(text, _parts(yaml.safe_load(take_out(text)), config, out))
        except CannotPasteError as error:
            problems.append(problem(file, str(error), fix=_BY_HAND))
        except yaml.YAMLError as error:
            problems.append(problem(file, f"not YAML: {' '.join(str(error).split())}"))
    if problems:
        raise InputError(problems)
    return changed


def _parts(data: Any, config: Config, out: Path) -> dict[Keys, Any]:
    if isinstance(data, dict) and is_alertmanager(data):
        return alertmanager_parts(config)
    if isinstance(data, dict) and is_prometheus(data):
        return prometheus_parts(config, out, data)
    raise CannotPasteError("is no configuration of a Prometheus or an Alertmanager")


def _write(file: Path, text: str) -> None:
    """Write a file where it is, for a server may have it mounted; keep what it was."""
    kept = file.with_name(f"{file.name}{KEPT}")
    try:
        if not kept.exists():
            shutil.copy2(file, kept)
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        reason = f"cannot be written: {error.strerror or error}"
        raise InputError([problem(error.filename or file, reason)]) from None
