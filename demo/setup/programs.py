"""Prometheus and Alertmanager, with their tools: found, or fetched from Debian without root.

``python3 -m demo.setup.programs [NAME...]`` fetches what is missing and says where each is.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.setup.debian_tree import provide_tree
from demo.setup.places import tools_directory
from demo.setup.telling import Say, end_after, say
from exporters.problems import InputError, Problem, problem

VERSION = r"^{name}, version (\d+)\.(\d+)"


@dataclass(frozen=True)
class Program:
    """A program that the demo runs."""

    name: str
    oldest: tuple[int, int]
    """The oldest release that does what we ask of it."""
    also_named: tuple[str, ...] = ()
    """Other names on PATH."""

    @property
    def variable(self) -> str:
        """Return the environment variable that names a program to use instead."""
        return f"SHARDWATCH_{self.name.upper()}"


# keep_firing_for came with Prometheus 2.42, routing_key_file with Alertmanager 0.25.
PROGRAMS: Mapping[str, Program] = {
    "prometheus": Program("prometheus", (2, 42)),
    "promtool": Program("promtool", (2, 42)),
    "alertmanager": Program("alertmanager", (0, 25), ("prometheus-alertmanager",)),
    "amtool": Program("amtool", (0, 25)),
}

NO_APT = (
    "install Prometheus and Alertmanager (macOS: `brew install prometheus alertmanager`; elsewhere "
    "the release archives of prometheus.io/download), or work in a container of `debian:12`; then "
    "put {names} on PATH or name them by {variables}"
)


def find_program(name: str, chosen: Path | None = None) -> Path:
    """Return the program ``name``: the one chosen, or else of PATH, or else of ``.tools/bin``.

    Args:
        name: ``prometheus``, ``promtool``, ``alertmanager`` or ``amtool``.
        chosen: what a user named by an option; without it ``SHARDWATCH_<NAME>`` counts.

    Raises:
        InputError: there is none, or the chosen one does not run or is too old. One on PATH that
            is too old is passed over.
    """
    program = PROGRAMS[name]
    named = str(chosen) if chosen is not None else os.environ.get(program.variable, "")
    if named:
        wrong = _what_is_wrong(program, Path(named))
        if wrong:
            fix = f"name another one, or unset {program.variable}"
            raise InputError([problem(named, wrong, fix=fix)])
        return Path(named).absolute()
    passed_over: list[Problem] = []
    for path in _candidates(program):
        wrong = _what_is_wrong(program, path)
        if not wrong:
            return path
        passed_over.append(problem(path, wrong))
    message, fix = "is neither on PATH nor under .tools/bin", "run `python3 -m demo.setup.programs`"
    raise InputError([*passed_over, problem(name, message, fix=fix)])


def provide_programs(names: Iterable[str] = tuple(PROGRAMS), tell: Say = say) -> dict[str, Path]:
    """Return where each of ``names`` is, after fetching from Debian what was missing.

    Fetched programs go to ``.tools``; what is there already and runs is left alone.

    Raises:
        InputError: a program is missing and cannot be fetched.
    """
    wanted = list(names)
    fetched = [name for name in wanted if _is_fetched(name, tell)]
    if fetched:
        provide_tree(tools_directory(), tell, no_apt=_no_apt(fetched))
        _verdict.cache_clear()
    return {name: find_program(name) for name in wanted}


def _is_fetched(name: str, tell: Say) -> bool:
    """Tell whether a program comes from us: it is ours already, or no other will do."""
    program = PROGRAMS[name]
    if os.environ.get(program.variable):
        return False
    for path in _candidates(program):
        if path.is_relative_to(tools_directory()):
            return True
        wrong = _what_is_wrong(program, path)
        if not wrong:
            return False
        tell(f"{path}: {wrong}; passed over")
    return True


def _candidates(program: Program) -> list[Path]:
    on_path = [shutil.which(name) for name in (program.name, *program.also_named)]
    fetched = tools_directory() / "bin" / program.name
    return [*(Path(each) for each in on_path if each), *([fetched] if fetched.exists() else [])]


def _what_is_wrong(program: Program, path: Path) -> str:
    """Return why the program at ``path`` will not do, as a sentence's end; empty if it will."""
    if not path.exists():
        return "there is no such file"
    return _verdict(program, path.absolute(), path.stat().st_mtime_ns)


@functools.cache
def _verdict(program: Program, path: Path, _changed_ns: int) -> str:
    try:
        done = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    said = done.stdout + done.stderr
    found = re.search(VERSION.format(name=program.name), said, re.MULTILINE)
    if done.returncode != 0 or found is None:
        return f"is no {program.name}: {' | '.join(said.splitlines()[:2])}"
    version = (int(found[1]), int(found[2]))
    if version < program.oldest:
        oldest = ".".join(map(str, program.oldest))
        return f"is {program.name} {found[1]}.{found[2]}; {oldest} or later is needed"
    return ""


def _no_apt(names: Sequence[str]) -> str:
    return NO_APT.format(
        names=", ".join(names), variables=", ".join(PROGRAMS[name].variable for name in names)
    )


def main() -> None:
    """Provide the programs named (default: all) and say where each is."""
    names = sys.argv[1:] or list(PROGRAMS)
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        fix = f"choose of {', '.join(PROGRAMS)}"
        raise InputError([problem(name, "is no program of ours", fix=fix) for name in unknown])
    for name, path in provide_programs(names).items():
        say(f"{name}: {path}")


if __name__ == "__main__":
    end_after(main)
