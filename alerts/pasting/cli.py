"""``shardwatch paste``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from alerts.pasting.changed import find_changed
from alerts.pasting.checking import check
from alerts.pasting.marks import Source, blocks_of, take_out
from alerts.pasting.names import find_taken, find_taken_alerts
from alerts.pasting.parts import (
    alertmanager_parts,
    built_rules,
    clusterless,
    is_alertmanager,
    is_expanded,
    is_prometheus,
    our_alerts,
    prometheus_parts,
)
from alerts.pasting.texts import paste, read
from alerts.pasting.writing import Change, write_all
from exporters.config import Config, read_config
from exporters.documents import read_text
from exporters.problems import InputError, Problem, problem

_SHARED = (
    "has lines of other clusters: what is pasted leads alerts that say cluster={0} alone, as those "
    "of a Prometheus with `external_labels: {{cluster: {0}}}`"
)
_CLUSTERLESS = "{0}, by which pages of a region hold back those of objectives; {1}"
_APART = (
    "reload Prometheus now, wait five minutes, then reload Alertmanager: what fires is told as "
    "ended within these, and would else be told to your own receivers"
)

app = typer.Typer(add_completion=False)


@app.command("paste")
def paste_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="prometheus.yml, alertmanager.yml.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder of `build`.")] = Path("out"),
    config: Annotated[Path, typer.Option("--config", help="shardwatch.yaml.")] = Path(
        "shardwatch.yaml"
    ),
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take it out again.")] = False,
    cluster: Annotated[
        str, typer.Option("--cluster", help="Whose lines --undo takes out; the configuration's.")
    ] = "",
) -> None:
    """Put the lines of NEXT.md into files of a Prometheus and an Alertmanager, or take them out.

    Whatever else stands there stays as it is, byte for byte. A copy of each file is kept beside it
    (.before-shardwatch) until it is taken out. promtool and amtool check what they would read,
    where they are found. All files are written or none. No server is told: see NEXT.md.
    """
    texts = {each: read_text(each) for each in {each.resolve(): each for each in files}.values()}
    if undo:
        _undo(texts, cluster or _cluster_of(texts, config))
    else:
        _paste(texts, read_config(config), out)


def _cluster_of(texts: Mapping[Path, str], config: Path) -> str:
    """Return a configuration's cluster; where there is none, the one whose lines are there."""
    found = {each.cluster for file, text in texts.items() for each in blocks_of(text, str(file))}
    if config.exists():
        return read_config(config, needs_routing_key=False).topology.cluster
    if len(found) == 1:
        return found.pop()
    said = "no such file, to say whose lines to take out"
    among = f": {', '.join(sorted(found))}" if found else ""
    raise InputError([problem(config, said, fix=f"say it by --cluster NAME{among}")])


def _undo(texts: Mapping[Path, str], cluster: str) -> None:
    changes: list[Change] = []
    words: dict[Path, list[str]] = {}
    _require_unchanged(texts, cluster)
    for file, text in texts.items():
        bare = take_out(text, str(file), cluster)
        others = sorted({each.cluster for each in blocks_of(bare, str(file))})
        words[file] = []
        if bare != text:
            changes.append(Change(file, bare, removes_copy=not others))
        if others:
            words[file].append(f"has lines of other clusters: {', '.join(others)} (--cluster NAME)")

    def told(change: Change, staged: Path) -> None:
        if program := _program_of(change.text, str(change.file)):
            words[change.file].append(check(program, change.file, staged))

    write_all(changes, told)
    _say("took out of", changes, words)
    if {"promtool", "amtool"} <= {_program_of(each.text, str(each.file)) for each in changes}:
        typer.echo(_APART)


def _require_unchanged(texts: Mapping[Path, str], cluster: str) -> None:
    """Refuse what somebody changed, by its line, where the build that it is of is there."""
    changed = [
        each for file, text in texts.items() for each in find_changed(text, str(file), cluster)
    ]
    if changed:
        raise InputError(changed)


def _program_of(text: str, file: str) -> str:
    """Return what checks a file: empty if it is neither server's, or cannot be read as YAML."""
    try:
        data = read(text, file, "").data
    except InputError:
        return ""
    if is_alertmanager(data):
        return "amtool"
    return "promtool" if is_prometheus(data) else ""


def _say(did: str, changes: Sequence[Change], words: Mapping[Path, Sequence[str]]) -> None:
    changed = {each.file for each in changes}
    for file, said in words.items():
        typer.echo(f"{did} {file}" if file in changed else f"{file} is as it was")
        for line in said:
            typer.echo(f"  {line}")


def _paste(texts: Mapping[Path, str], config: Config, out: Path) -> None:
    _require_unchanged(texts, config.topology.cluster)
    problems = _led_past(texts, config)
    changes: list[Change] = []
    words: dict[Path, list[str]] = {}
    programs: dict[Path, str] = {}
    for file, text in texts.items():
        try:
            programs[file], pasted, words[file] = _pasted(file, text, config, out)
        except InputError as error:
            problems += error.problems
            continue
        if pasted != text:
            changes.append(Change(file, pasted, copies=not blocks_of(text, str(file))))
    if problems:
        raise InputError(problems)

    def told(change: Change, staged: Path) -> None:
        words[change.file].append(check(programs[change.file], change.file, staged))

    write_all(changes, told)
    _say("pasted into", changes, words)


def _led_past(texts: Mapping[Path, str], config: Config) -> list[Problem]:
    """Return the Prometheus files whose alerts would pass by the lines of a shared Alertmanager.

    Of an Alertmanager's file that is named alone nobody knows what its Prometheus says.
    """
    cluster = config.topology.cluster
    read_files: dict[Path, Any] = {}
    shared: list[Path] = []
    for file, text in texts.items():
        with contextlib.suppress(InputError):  # it is told where each is pasted into
            read_files[file] = read(text, str(file), cluster).data
            if is_alertmanager(read_files[file]) and _is_shared(text, file, cluster):
                shared.append(file)
    if not shared:
        return []
    return [
        problem(
            file,
            f"{lacks[0]}; {shared[0]} has lines of other clusters, so that what is pasted leads "
            f"alerts that say cluster={cluster} alone: every page would go to others",
            fix=f"{lacks[1]}, and paste again",
        )
        for file, data in read_files.items()
        if is_prometheus(data) and (lacks := clusterless(config, data)) and not is_expanded(data)
    ]


def _is_shared(text: str, file: Path, cluster: str) -> bool:
    """Tell whether lines of other clusters are pasted into a file."""
    return any(each.cluster != cluster for each in blocks_of(text, str(file)))


def _pasted(file: Path, text: str, config: Config, out: Path) -> tuple[str, str, list[str]]:
    """Return by which program to check a file, its text with what belongs into it, and words."""
    name, cluster = str(file), config.topology.cluster
    document = read(text, name, cluster)
    data = document.data
    if is_alertmanager(data):
        is_shared = _is_shared(text, file, cluster)
        program, parts, rules = "amtool", alertmanager_parts(config, is_shared=is_shared), []
        lacks = _SHARED.format(cluster) if is_shared else ""
    elif is_prometheus(data):
        program, rules = "promtool", built_rules(out)
        parts = prometheus_parts(config, out, data)
        lacks = _CLUSTERLESS.format(*said) if (said := clusterless(config, data)) else ""
    else:
        found = "found no configuration of a Prometheus or an Alertmanager"
        raise InputError([problem(file, found, fix="name prometheus.yml or alertmanager.yml")])
    source = Source(cluster, str(out.absolute()))
    taken = [
        *_other_builds(text, name, source),
        *find_taken(document, parts, blocks_of(text, name), rules),
        *(find_taken_alerts(document, rules, our_alerts(config)) if rules else ()),
    ]
    if taken:
        raise InputError(taken)
    return program, paste(text, name, source, parts), [lacks] if lacks else []


def _other_builds(text: str, file: str, source: Source) -> Iterator[Problem]:
    """Yield what is there of another build for a cluster of the same name, which may be another."""
    for each in blocks_of(text, file):
        if each.cluster == source.cluster and each.origin != source.origin:
            yield Problem(
                file,
                each.first + 1,
                0,
                "",
                f"found what was built in {each.origin} for the cluster {each.cluster}, expected "
                f"that of {source.origin}",
                "give one of the two clusters another name; if they are one, --undo first",
            )
