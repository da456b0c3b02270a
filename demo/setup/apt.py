"""Debian packages without root: apt with directories of its own, unpacked instead of installed.

apt reads the system's sources, keys, proxies and credentials, and nothing else of the system: its
lists, cache, locks and idea of what is installed lie in a directory that is ours. So it neither
waits for another apt nor gets in its way. The system's hooks (``APT::Update::Post-Invoke`` and the
like) are not carried over: they belong to the system's own lists.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from exporters.problems import InputError, problem

CARRIED_SETTINGS = ("Acquire::", "APT::Architecture", "APT::Default-Release", "Dir::Etc::")
"""Settings of the system that say how packages are reached; hooks and clean-up rules stay out."""

DROPPED_SETTINGS = ("Acquire::IndexTargets::", "Acquire::Languages", "Acquire::GzipIndexes")
"""Extra indexes (desktop metadata, translations) that only cost time here."""

FETCH_TIMEOUT_SECONDS = 20
FETCH_RETRIES = 2
TAIL_LINES = 6


def apt_is_there() -> bool:
    """Tell whether this machine can fetch and unpack Debian packages."""
    return all(shutil.which(name) for name in ("apt-get", "apt-cache", "apt-config", "dpkg-deb"))


class PrivateApt:
    """apt that keeps its lists and cache in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        for part in ("state/lists/partial", "cache/archives/partial", "log"):
            (self._directory / part).mkdir(parents=True, exist_ok=True)
        (self._directory / "status").touch()
        self._complaints: list[str] = []
        self._configuration = self._directory / "apt.conf"
        self._configuration.write_text(_configuration(self._directory), encoding="utf-8")

    def update(self) -> None:
        """Read the lists of packages.

        A source that does not answer is no error here: whether the packages are to be had is seen
        when they are asked for, and told together with what did not answer.
        """
        done = self._run("apt-get", "update")
        self._complaints = [
            line for line in done.stderr.splitlines() if line.startswith(("E:", "W: Failed"))
        ]

    def depends(self, package: str) -> list[str]:
        """Return the names that ``package`` depends on, as they stand in its control file.

        Raises:
            InputError: apt knows no such package.
        """
        done = self._run("apt-cache", "depends", "--important", package)
        if done.returncode != 0:
            raise self._failure(f"knows no package {package}", done)
        words = (line.split(": ", 1) for line in done.stdout.splitlines())
        found = [pair[1].strip() for pair in words if len(pair) == 2 and "Depends" in pair[0]]
        return [name for name in found if not name.startswith("<")]

    def missing(self, packages: Sequence[str]) -> list[str]:
        """Return ``packages`` and all that they need, as far as this system has not installed it.

        Raises:
            InputError: apt knows no such package, or cannot tell.
        """
        # The one thing of the system's that is looked at, and not written to: what it has.
        installed = ("-o", "Dir::State::status=/var/lib/dpkg/status")
        command = ("apt-get", "install", "--simulate", "--no-install-recommends", "--assume-yes")
        done = self._run(*command, *installed, *packages)
        if done.returncode != 0:
            raise self._failure(f"cannot tell what {', '.join(packages)} need", done)
        lines = done.stdout.splitlines()
        return [line.split()[1] for line in lines if line.startswith("Inst ")]

    def download(self, packages: Sequence[str]) -> list[Path]:
        """Fetch ``packages`` with apt's own checks of signatures; return the files, sorted.

        Raises:
            InputError: apt could not; its last words are told.
        """
        archives = self._directory / "debs"
        archives.mkdir(exist_ok=True)
        done = self._run("apt-get", "download", *packages, cwd=archives)
        if done.returncode != 0:
            raise self._failure(f"could not download {', '.join(packages)}", done)
        return sorted(archives.glob("*.deb"))

    def _failure(self, what: str, done: subprocess.CompletedProcess[str]) -> InputError:
        """Return the error of a command, with what the sources did not answer before it."""
        said = [*self._complaints, *done.stderr.strip().splitlines()]
        fix = "check that this machine reaches its Debian mirror, then try again"
        return InputError([problem("apt", f"{what}: {' | '.join(said[-TAIL_LINES:])}", fix=fix)])

    def _run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "APT_CONFIG": str(self._configuration), "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )


def unpack(archives: Iterable[Path], root: Path) -> None:
    """Unpack the files of Debian packages under ``root``; no script of theirs is run."""
    for archive in archives:
        done = subprocess.run(
            ["dpkg-deb", "--extract", str(archive), str(root)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise InputError([problem(archive, f"cannot be unpacked: {done.stderr.strip()}")])


def _configuration(directory: Path) -> str:
    """Return the text of an ``apt.conf`` that stands for the system's and adds our directories.

    It is read by way of APT_CONFIG, which comes before ``apt.conf.d``: pointing apt at no parts
    there is the only way to keep hooks out, for a list cannot be cleared afterwards.
    """
    system = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    carried = [
        line
        for line in system.stdout.splitlines()
        if line.startswith(CARRIED_SETTINGS) and not line.startswith(DROPPED_SETTINGS)
    ]
    own = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",
        "Dir::State": f"{directory}/state",
        "Dir::State::lists": f"{directory}/state/lists",
        "Dir::State::status": f"{directory}/status",
        "Dir::State::extended_states": f"{directory}/state/extended_states",
        "Dir::Cache": f"{directory}/cache",
        "Dir::Cache::archives": f"{directory}/cache/archives",
        "Dir::Log": f"{directory}/log",
        "Acquire::Languages": "none",
        "Acquire::Retries": str(FETCH_RETRIES),
        "Acquire::http::Timeout": str(FETCH_TIMEOUT_SECONDS),
        "Acquire::https::Timeout": str(FETCH_TIMEOUT_SECONDS),
        # As root apt would become _apt, who cannot write into the user's checkout.
        "APT::Sandbox::User": "root",
    }
    return "\n".join([*carried, *(f'{key} "{value}";' for key, value in own.items())]) + "\n"
