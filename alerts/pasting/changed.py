"""Finds where somebody changed what was pasted, by the files of the build that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from alerts.build import FRAGMENT_PATH
from alerts.pasting.marks import Block, blocks_of, is_pasted_as
from alerts.pasting.texts import lines_of
from alerts.prometheus_file import RULE_FILES
from exporters.documents import SAFE_LOADER, shown
from exporters.problems import InputError, Problem
from exporters.secrecy import without_secrets

_FIX = (
    "put it back, or move what is yours below or above what was pasted, or take the copy "
    "(.before-shardwatch)"
)


def find_changed(text: str, file: str, cluster: str) -> list[Problem]:
    """Return the first line of each of a cluster's blocks that is another than was pasted.

    None of a block whose build is not in its folder any more, or was built anew since: nobody knows
    then how its lines were.

    Args:
        text: of the file.
        file: its name, for problems.
        cluster: whose blocks are looked at.
    """
    try:
        blocks = blocks_of(text, file)
    except InputError:
        return []  # told where they are read
    lines = text.splitlines()
    return [
        problem
        for each in blocks
        if each.cluster == cluster and not each.is_as_pasted
        for problem in _first_other(lines, file, each)
    ]


def _first_other(lines: list[str], file: str, block: Block) -> Iterator[Problem]:
    margin = " " * (len(lines[block.first]) - len(lines[block.first].lstrip()))
    for content in _built(Path(block.origin)):
        pasted = [f"{margin}{line}".rstrip() for line in lines_of(content)]
        if not is_pasted_as(lines[block.first], pasted):
            continue
        there = [each.rstrip() for each in lines[block.first + 1 : block.end - 1]]
        same = (a == b for a, b in zip(there, pasted, strict=False))
        at = next(
            (i for i, is_same in enumerate(same) if not is_same), min(map(len, (there, pasted)))
        )
        found = _told(there[at]) if at < len(there) else "the end of what was pasted"
        expected = _told(pasted[at]) if at < len(pasted) else "the end of what was pasted"
        message = f"found {found}, expected {expected}, as it was pasted"
        yield Problem(file, block.first + 2 + at, 0, "", message, _FIX)
        return


def _told(line: str) -> str:
    text = line.strip()
    told = without_secrets(text)
    return shown(text) if told == text else told


def _built(folder: Path) -> Iterator[Any]:
    """Yield what may have been pasted of a build: lists, and keys with lists."""
    fragment, server = _read(folder / FRAGMENT_PATH), _read(folder / "prometheus.yml")
    routes = (fragment.pop("route", None) or {}).get("routes")
    jobs = [each for each in server.get("scrape_configs") or () if _is_ours(each)]
    lists = [
        (("route", "routes"), routes),
        *(((key,), content) for key, content in fragment.items()),
        (("rule_files",), [str(folder / RULE_FILES)]),
        (("scrape_configs",), jobs),
        (("alerting", "alertmanagers"), (server.get("alerting") or {}).get("alertmanagers")),
    ]
    for keys, content in lists:
        yield content
        for key in reversed(keys):
            content = {key: content}  # noqa: PLW2901 - the same, further out
            yield content


def _is_ours(job: Any) -> bool:
    return str(job.get("job_name", "")).startswith("shardwatch-")


def _read(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=SAFE_LOADER)  # noqa: S506 - a safe one
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
