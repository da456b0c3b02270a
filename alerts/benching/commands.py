"""How many commands it takes from nothing to the first page, by the page that tells people so.

Whatever has to be edited by hand would count as one too; ``tests/e2e/test_adopting.py`` runs these
commands and changes nothing else, until a page arrives.
"""

from __future__ import annotations

import re
from pathlib import Path

from exporters.benching import ROOT

PAGE = ROOT / "docs/adopt.md"
MOST_COMMANDS = 5
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EDITORS = ("$EDITOR", "${EDITOR")


def count_commands(page: Path = PAGE) -> int:
    """Return how many commands the first block of a page has, each file that is edited for one.

    Raises:
        ValueError: if there is no such block.
    """
    block = _BLOCK.search(page.read_text(encoding="utf-8"))
    if block is None:
        raise ValueError(f"{page} has no commands")
    commands = [
        part.strip()
        for line in block[1].replace("\\\n", " ").splitlines()
        for part in re.split(r"&&|;|\|\|?", line.partition(" #")[0])
        if part.strip()
    ]
    return sum(_weight(each) for each in commands)


def _weight(command: str) -> int:
    """Return what a command counts: a change of folder nothing, an editor once for each file."""
    program, *files = command.split()
    if program == "cd":
        return 0
    return len(files) if program.startswith(_EDITORS) else 1
