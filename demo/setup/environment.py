"""The Python environment of a checkout: ``.venv``, with locked packages and shardwatch itself.

``python3 -m demo.setup.environment base test`` makes it, or brings it up to date: packages from
``requirements/<group>.txt`` by their hashes, then shardwatch as an editable install. The latter is
built by the hatchling of ``requirements/build.txt``, which is installed too, because pip would
otherwise fetch a build backend that no hash was checked for. A stamp in the environment remembers
which lock files it holds, so that nothing is done when nothing changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.setup import OLDEST_PYTHON
from demo.setup.apt import PrivateApt, apt_is_there, unpack
from demo.setup.places import checkout, only_one
from demo.setup.telling import Say, end_after, say
from exporters.problems import InputError, problem

ALWAYS = "build"
"""The lock file of what builds shardwatch."""

PROJECT = "pyproject.toml"
PLACE = "place"
"""Under this the stamp keeps where the checkout was: an environment cannot be moved."""

STAMP = "shardwatch.json"
PIP_PACKAGE = "python3-pip-whl"
"""Debian keeps the wheel that ``ensurepip`` would install in this package."""

TAIL_LINES = 8
WIDEST = 300
"""Characters of a line of another program that are shown."""

WITHOUT_ENSUREPIP = (
    "install it (Debian, Ubuntu: `apt-get install python3-venv`), or name another Python: "
    "`make PYTHON=... setup`"
)


def provide_environment(groups: Sequence[str], root: Path | None = None, tell: Say = say) -> Path:
    """Return the environment of the checkout ``root``, holding the lock files of ``groups``.

    Args:
        groups: names of files in ``requirements/``, without ``.txt``.
        root: the checkout; that of this file by default.
        tell: takes a line for each step.

    Raises:
        InputError: there is no such lock file, no pip can be had, or packages cannot be installed.
    """
    root = root if root is not None else checkout()
    directory = root / ".venv"
    wanted = {**_digests(root, [ALWAYS, *groups]), PLACE: str(root)}
    unfinished = root / ".tools" / "environment.unfinished"
    with only_one(root / ".tools" / "environment.lock", "the Python environment", tell):
        held = _read_stamp(directory)
        if unfinished.exists() or held.get(PLACE, wanted[PLACE]) != wanted[PLACE]:
            tell("the last set-up did not finish, or was elsewhere; making .venv anew")
            shutil.rmtree(directory, ignore_errors=True)
            held = {}
        missing = {name for name, digest in wanted.items() if held.get(name) != digest}
        if environment_works(directory) and not missing:
            return directory
        unfinished.touch()
        if not environment_works(directory):
            create_environment(directory, tell)
            held, missing = {}, set(wanted)
        if missing != {PROJECT}:
            files = [root / name for name in sorted(wanted) if name not in (PLACE, PROJECT)]
            tell(f"installing {', '.join(str(f.relative_to(root)) for f in files)} into .venv")
            install_locked(directory, files)
        if PROJECT in missing:
            tell("installing shardwatch itself (editable) into .venv")
            editable = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(root)]
            _pip_install(directory, editable, "shardwatch", fix="mend pyproject.toml")
        _write_stamp(directory, {**held, **wanted})
        unfinished.unlink()
    return directory


def environment_works(directory: Path) -> bool:
    """Tell whether ``directory`` holds an environment whose Python is new enough and has pip."""
    check = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        done = subprocess.run(
            [str(_python(directory)), "-c", check], capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def create_environment(directory: Path, tell: Say = say) -> None:
    """Make an empty environment with pip in ``directory``, in place of what is there.

    Raises:
        InputError: this Python cannot make one, and Debian's packages cannot help.
    """
    version = ".".join(map(str, sys.version_info[:3]))
    if importlib.util.find_spec("venv") is None:
        raise InputError([problem(sys.executable, "has no venv module", fix=WITHOUT_ENSUREPIP)])
    if importlib.util.find_spec("ensurepip") is not None:
        tell(f"making {directory.name} with Python {version}")
        _make_venv(directory)
        return
    if not apt_is_there():
        raise InputError(
            [problem(sys.executable, "has no ensurepip module", fix=WITHOUT_ENSUREPIP)]
        )
    tell(f"making {directory.name} with Python {version}; pip from Debian's {PIP_PACKAGE}")
    _make_venv(directory, "--without-pip")
    with tempfile.TemporaryDirectory(prefix="shardwatch-pip-") as scratch:
        apt = PrivateApt(Path(scratch) / "apt")
        apt.update()
        unpack(apt.download([PIP_PACKAGE]), Path(scratch) / "tree")
        wheels = sorted((Path(scratch) / "tree/usr/share/python-wheels").glob("pip-*.whl"))
        if not wheels:
            raise InputError([problem(PIP_PACKAGE, "holds no wheel of pip", fix=WITHOUT_ENSUREPIP)])
        # A wheel is a zip archive, from which Python runs pip to install that same wheel.
        from_wheel = [str(_python(directory)), str(wheels[-1] / "pip"), "install"]
        _run(
            [*from_wheel, "--no-index", "--no-deps", "--no-user", str(wheels[-1])],
            "could not install pip",
            WITHOUT_ENSUREPIP,
        )


def install_locked(directory: Path, files: Sequence[Path], options: Sequence[str] = ()) -> None:
    """Install lock files into the environment ``directory``; every package must match its hash.

    Args:
        directory: an environment with pip.
        files: requirements files with a hash for every package.
        options: further options of ``pip install``.

    Raises:
        InputError: pip could not; its last words are told.
    """
    named = [part for file in files for part in ("--requirement", str(file))]
    what = ", ".join(file.name for file in files)
    fix = "check that pip reaches its package index, then try again"
    _pip_install(directory, ["--require-hashes", *options, *named], what, fix=fix)


def _pip_install(directory: Path, arguments: Sequence[str], what: str, *, fix: str) -> None:
    # --no-user: a user's own pip.conf may ask for --user, which no environment can do.
    quietly = ["--disable-pip-version-check", "--no-input", "--no-user", "--progress-bar", "off"]
    pip = [str(_python(directory)), "-m", "pip", "install", *quietly]
    _run([*pip, *arguments], f"could not install {what}", fix)


def _make_venv(directory: Path, *options: str) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    command = [sys.executable, "-m", "venv", *options, str(directory)]
    _run(command, f"could not make {directory}", "name another Python: `make PYTHON=... setup`")


def _run(command: Sequence[str], complaint: str, fix: str) -> None:
    # PYTHONPATH of the user's shell would hide what is in the environment and what is not.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = _last_words(done.stdout + done.stderr)
        raise InputError([problem(command[0], f"{complaint}: {said}", fix=fix)])


def _last_words(output: str) -> str:
    """Return why pip, or another command, says that it failed."""
    lines = [line.strip()[:WIDEST] for line in output.splitlines() if line.strip()]
    retries = [line for line in lines if line.startswith("WARNING: Retrying")]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return " | ".join([*retries[-1:], *errors] if errors else lines[-TAIL_LINES:])


def _python(directory: Path) -> Path:
    return directory / "bin" / "python"


def _digests(root: Path, groups: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of every file that decides what the environment holds."""
    digests = {}
    for name in (*(f"requirements/{group}.txt" for group in groups), PROJECT):
        try:
            digests[name] = hashlib.sha256((root / name).read_bytes()).hexdigest()
        except FileNotFoundError:
            fix = "run `make lock`, or name a group that has a file"
            raise InputError([problem(root / name, "is missing", fix=fix)]) from None
    return digests


def _read_stamp(directory: Path) -> dict[str, str]:
    """Return the digests of the files that the environment holds; empty if that is unknown."""
    try:
        held = json.loads((directory / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in held.items()}


def _write_stamp(directory: Path, digests: Mapping[str, str]) -> None:
    """Remember what the environment holds."""
    text = json.dumps(digests, indent=2, sort_keys=True) + "\n"
    (directory / STAMP).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    end_after(lambda: provide_environment(sys.argv[1:] or ["base"]))
