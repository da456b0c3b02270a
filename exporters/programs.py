"""Prometheus's programs on this machine: where the environment, PATH or the set-up has them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from exporters.problems import InputError, problem


def program_variable(name: str) -> str:
    """Return the environment variable that names a program to use: ``SHARDWATCH_PROMTOOL``."""
    return f"SHARDWATCH_{name.upper().replace('-', '_')}"


def tools_directory() -> Path:
    """Return where ``make setup`` fetches programs to: ``.tools`` of the checkout.

    An installed shardwatch has no checkout to write into and uses the user's cache.
    """
    root = Path(__file__).resolve().parents[1]
    if (root / "pyproject.toml").is_file():
        return root / ".tools"
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "shardwatch" / "tools"


def locate_program(name: str, chosen: Path | None = None) -> Path:
    """Return a program: the chosen, or that of the environment, of PATH, or that was fetched.

    Whether it runs and is recent enough is for the caller to see.

    Args:
        name: ``promtool`` or ``prometheus``.
        chosen: what a user named by an option; without it ``SHARDWATCH_<NAME>`` counts.

    Raises:
        InputError: if there is none, or not where it was said to be.
    """
    variable = program_variable(name)
    named = str(chosen) if chosen is not None else os.environ.get(variable, "")
    # What was chosen is a path from here first: Path makes ./promtool one without a slash.
    here = shutil.which(chosen.absolute()) if chosen is not None else None
    found = here or (shutil.which(named) if named else shutil.which(name) or _fetched(name))
    if found is None:
        fix = f"run `make setup` in the checkout, put {name} on PATH, or name it by {variable}"
        raise InputError([problem(named or name, "no such program", fix=fix)])
    return Path(found).absolute()  # it may be run in another folder


def _fetched(name: str) -> str | None:
    # What users need lies in one folder; what only tests, benches and pictures need in its own.
    folders = (tools_directory() / "bin", *sorted(tools_directory().glob("*/bin")))
    return shutil.which(name, path=os.pathsep.join(map(str, folders)))
