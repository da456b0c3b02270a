"""Asks the servers' own programs what they say of a file, where they are found."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

from exporters.problems import InputError, problem

COMMANDS = {"promtool": ("check", "config"), "amtool": ("check-config",)}
"""How each is asked."""
_PATIENCE_SECONDS = 120
_SHOWN_CHARACTERS = 600


def check(program: str, file: Path, staged: Path) -> str:
    """Return what is to be said of a check.

    A file that was refused as it was is none of ours to mend: that is said, and no more.

    Args:
        program: ``promtool`` or ``amtool``.
        file: as it is.
        staged: as it is to be, in the same folder.

    Raises:
        InputError: if it is taken as it is and would not be.
    """
    command = " ".join([program, *COMMANDS[program], str(file)])
    if which(program) is None:
        return f"not checked, for {program} is not found here: `{command}` before it is read again"
    refused = _refused(program, staged)
    if not refused:
        return f"{program} takes it"
    said = refused.replace(str(staged), str(file))
    if _refused(program, file):
        return f"{program} refuses it, as it did before: {said}"
    message = f"{program} would refuse it: {said}"
    raise InputError([problem(file, message, fix="mend that; nothing was changed")])


def _refused(program: str, file: Path) -> str:
    """Return why a program refuses a file, in one line; empty if it does not."""
    try:
        done = subprocess.run(
            [program, *COMMANDS[program], str(file)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            timeout=_PATIENCE_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not end: {error}"
    said = " ".join(done.stdout.split()) or f"exit code {done.returncode}"
    return said[-_SHOWN_CHARACTERS:] if done.returncode else ""
