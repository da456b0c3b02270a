"""What a file has already of what is to be pasted: servers refuse, or do twice, what is twice."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts.pasting.marks import Block
from alerts.pasting.texts import Keys
from alerts.routing.names import may_be_taken
from exporters.documents import Document, Place, read_document, shown
from exporters.problems import InputError, Problem
from slo import conventions

_NAMES = {"scrape_configs": "job_name", "receivers": "name", "time_intervals": "name"}
"""By which key a server tells apart what a list has."""
_SAME_NAMES: dict[Keys, tuple[Keys, ...]] = {("time_intervals",): (("mute_time_intervals",),)}
"""Lists of an older name whose names are told apart from those of the newer."""
_FIX = (
    "take it out, as NEXT.md says at its end, if it was pasted by hand before; else give it "
    "another name"
)


def find_taken(
    document: Document, parts: Mapping[Keys, Any], blocks: Sequence[Block], rules: Sequence[Path]
) -> Iterator[Problem]:
    """Yield what is there already of what is to be pasted.

    Args:
        document: the file without what is to be replaced.
        parts: what is to be pasted.
        blocks: what is pasted into the file.
        rules: the files of rules that the entry under ``rule_files`` reads.

    Raises:
        InputError: if a file that ``scrape_config_files`` names cannot be read.
    """
    for keys, content in parts.items():
        for place in (keys, *_SAME_NAMES.get(keys, ())):
            for each in _twice(document, place, _NAMES.get(keys[-1], ""), content):
                yield _of_others(each, blocks)
    if ("rule_files",) in parts:
        for each in _read_twice(document, rules):
            yield _of_others(each, blocks)
    if ours := parts.get(("scrape_configs",)):
        for file in _named_files(document, ("scrape_config_files",)):
            yield from _twice(read_document(file), ("scrape_configs",), "job_name", ours)


def find_taken_alerts(
    document: Document, rules: Sequence[Path], ours: Set[str]
) -> Iterator[Problem]:
    """Yield others' alerts, in the rule files that a file names, that our route would take.

    Args:
        document: a Prometheus's file, without what is to be replaced.
        rules: the files of rules that are built.
        ours: names of our alerts: Alertmanager leads by these, and by the severity.
    """
    built = {each.resolve() for each in rules}
    for file in _named_files(document, ("rule_files",)):
        if file.resolve() not in built:
            yield from _alerts_like_ours(file, ours)


def _alerts_like_ours(file: Path, ours: Set[str]) -> Iterator[Problem]:
    try:
        content = read_document(file)
    except InputError:
        return  # promtool says so, and the server as well
    for group, each in enumerate(_list_at(content, ("groups",))):
        rules = each.get("rules") if isinstance(each, dict) else None
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if not isinstance(rule, dict) or rule.get("alert") not in ours:
                continue
            labels = rule.get("labels")
            severity = labels.get(conventions.SEVERITY) if isinstance(labels, dict) else None
            if may_be_taken(str(severity)):
                yield content.problem(
                    ("groups", group, "rules", index, "alert"),
                    f"found the alert {rule['alert']} with severity {severity}: Alertmanager would "
                    "lead it to shardwatch's receivers, for one of its alerts is called so too",
                    "give yours another name",
                )


def _twice(document: Document, keys: Keys, name: str, ours: list[Any]) -> Iterator[Problem]:
    known = {_identity(each, name) for each in ours}
    for index, each in enumerate(_list_at(document, keys)):
        if _identity(each, name) not in known:
            continue
        is_named = isinstance(each, dict) and name in each
        place: Place = (*keys, index, name) if is_named else (*keys, index)
        found = shown(each[name]) if is_named else "what is to be pasted"
        yield document.problem(place, f"found {found}, expected it in what is pasted alone", _FIX)


def _identity(content: Any, name: str) -> str:
    named = content.get(name, content) if isinstance(content, dict) else content
    return json.dumps(named, sort_keys=True)


def _read_twice(document: Document, rules: Sequence[Path]) -> Iterator[Problem]:
    built = {each.resolve() for each in rules}
    for index, each in enumerate(_list_at(document, ("rule_files",))):
        # By another way, as through a link, it is the same file.
        if any(file.resolve() in built for file in _matching(document, each)):
            yield document.problem(
                ("rule_files", index),
                f"found {shown(each)}, which reads rules of shardwatch already, "
                "expected them in what is pasted alone",
                "take it out, or name files of yours alone",
            )


def _named_files(document: Document, keys: Keys) -> Iterator[Path]:
    for each in _list_at(document, keys):
        yield from _matching(document, each)


def _matching(document: Document, written: Any) -> list[Path]:
    """Return the files that a server would read for a pattern."""
    pattern = _absolute(document, written)
    # Of any pattern, also `/`, which the one of pathlib refuses.
    return sorted(map(Path, glob.glob(pattern, include_hidden=True)))  # noqa: PTH207


def _absolute(document: Document, written: Any) -> str:
    """Return a path that a server would take from the folder of its file."""
    return os.path.normpath(Path(document.file).absolute().parent / str(written))


def _list_at(document: Document, keys: Keys) -> list[Any]:
    data = document.data
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, list) else []


def _of_others(found: Problem, blocks: Sequence[Block]) -> Problem:
    """Say of what another cluster's paste has brought how to be rid of it."""
    for each in blocks:
        if each.encloses(found.line - 1):
            said = f"--undo --cluster {json.dumps(each.cluster)}"
            fix = f"it was pasted for the cluster {each.cluster}: leave it, or take it out ({said})"
            return replace(found, fix=fix)
    return found
