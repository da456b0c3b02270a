"""The ``shardwatch`` command: mounts each package's commands, prints problems, sets exit codes.

Exit codes: 0 done, 1 a check found problems, 2 bad input (nothing was changed), 70 a mistake of
ours, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from exporters.problems import (
    EXIT_INTERRUPTED,
    EXIT_PROBLEMS_FOUND,
    InputError,
    exit_with,
    print_problems,
    problem,
)
from exporters.version import VERSION
from slo.rules_format import BuildFormat, ManifestLabels, MostRules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporters.config import Config
    from exporters.problems import Problem
    from slo.rule_files import RulesForm

EXIT_OUR_MISTAKE = 70
"""``EX_SOFTWARE`` of sysexits.h."""
TRACEBACK_VARIABLE = "SHARDWATCH_TRACEBACK"
"""Set to 1, unexpected errors are shown in full."""

MOUNTED = {
    "exporter": ("exporters.cli", "Read the cluster, serve Prometheus."),
    "slo": ("slo.cli", "Objectives and their rules."),
    "alerts": ("alerts.cli", "Alerts: rule files checked, changes told."),
    "review": ("slo.review.cli", "SLO reviews: the record, and the report."),
    "dashboards": ("dashboards.cli", "Dashboards for Grafana."),
    "lab": ("demo.lab.cli", "Every alert against every fault, in virtual time."),
    "demo": ("demo.cli", "A cluster to try shardwatch on: simulated, or real vLLM."),
}
"""The packages' commands: module and help. A package is imported when its command is called."""

EXTENDED = {"slo": ("slo.backfill.cli", "alerts.made_tests.cli")}
"""More modules whose commands stand under a name: of later packages, and large ones."""

COMMANDS = {
    "init": ("slo.adopt.cli", "Work topology and configuration out of a running Prometheus."),
    "paste": (
        "alerts.pasting.cli",
        "Put what was built into prometheus.yml and alertmanager.yml.",
    ),
}
"""Commands of packages that stand alone: module and help. Likewise imported when called."""

BUILDERS = (
    "alerts.build",
    "alerts.made_tests.build",
    "alerts.runbooks.build",
    "dashboards.build",
)
"""Modules with ``build(config, form)``, which returns texts by path."""

KUBERNETES_BUILDERS = (
    "exporters.kubernetes.build",
    "alerts.kubernetes.build",
    "alerts.runbooks.build",
    "dashboards.kubernetes",
)
"""The same of what runs on Kubernetes."""

GUIDES = ("dashboards.next_steps.servers", "dashboards.next_steps.cluster")
"""Modules with ``next_steps(config, form, out)``: what to do with what either builds."""

GUIDE_PATH = "NEXT.md"
MOST_FOREIGN = 20
"""Files of others that are named; the rest are counted."""


class _LateGroup(TyperGroup):
    """A command group that imports a mounted package only to run it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (_, text) in {**COMMANDS, **MOUNTED}.items():
            self.add_command(TyperGroup(name=name, help=text))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            module = importlib.import_module(COMMANDS[args[0]][0])
            self.commands[args[0]] = typer.main.get_command(module.app)
        if args and args[0] in MOUNTED:
            modules = (MOUNTED[args[0]][0], *EXTENDED.get(args[0], ()))
            first, *others = (
                typer.main.get_group(importlib.import_module(each).app) for each in modules
            )
            for other in others:
                first.commands.update(other.commands)
            self.commands[args[0]] = first
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_LateGroup,
    help="Watch sharded vLLM clusters: which group hurts which users, why, and what it costs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_ConfigOption = Annotated[Path, typer.Option("--config", help="shardwatch.yaml.")]
_DEFAULT_CONFIG = Path("shardwatch.yaml")


def _print_version(asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if asked:
        typer.echo(f"shardwatch {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print it.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    pass


@app.command()
def build(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")],
    config: _ConfigOption = _DEFAULT_CONFIG,
    *,
    format_: Annotated[
        BuildFormat,
        typer.Option(
            "--format",
            help="Rule files, those that vmalert counts right with, beside rule files "
            "PrometheusRule manifests of the operator, or all that runs on Kubernetes, for "
            "kustomize.",
        ),
    ] = BuildFormat.PROMETHEUS,
    most: MostRules = None,
    label: ManifestLabels = None,
) -> None:
    """Write rules with tests, Prometheus's and Alertmanager's configuration, and dashboards.

    NEXT.md says what to do with them. Nothing is written where an objective cannot hold what it
    asks for; what is in doubt is told. A file of somebody else's is never touched.
    """
    from alerts.routing.checks import nobody_told  # noqa: PLC0415 - as late as the packages
    from exporters.config import read_config  # noqa: PLC0415
    from exporters.generated import write_generated  # noqa: PLC0415
    from slo.rule_files import read_form  # noqa: PLC0415

    form = read_form(format_.rules, most, label or [])
    read = read_config(config)
    is_for_kubernetes = format_ is BuildFormat.KUBERNETES
    files = _build_all(read, form, KUBERNETES_BUILDERS if is_for_kubernetes else None)
    guide = importlib.import_module(GUIDES[is_for_kubernetes])
    files[GUIDE_PATH] = guide.next_steps(read, form, out)
    if _print_and_judge(_check_objectives(read)):
        raise SystemExit(EXIT_PROBLEMS_FOUND)
    _require_own_folder(out, files, format_)
    print_problems([*_without_place(read), *nobody_told(read)])
    written = write_generated(out, files)
    for path in written.changed:
        typer.echo(f"wrote {out / path}")
    for path in written.removed:
        typer.echo(f"removed {out / path}")
    for path in written.foreign[:MOST_FOREIGN]:
        typer.echo(f"left alone {out / path}, which shardwatch did not write")
    if more := written.foreign[MOST_FOREIGN:]:
        typer.echo(f"left alone {len(more)} more that shardwatch did not write")
    changed = len(written.changed)
    typer.echo(f"{len(files)} files in {out}, {changed} of them changed; next: {out / GUIDE_PATH}")


@app.command()
def validate(
    config: _ConfigOption = _DEFAULT_CONFIG,
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Take what is in doubt for wrong.")
    ] = False,
) -> None:
    """Read everything that the configuration names, and say what is wrong with it.

    Exit code 0 if nothing is, whatever is in doubt; 1 if something is; 2 if it cannot be read.
    """
    from exporters.config import read_config  # noqa: PLC0415
    from exporters.topology import expected_gpus  # noqa: PLC0415
    from exporters.unsaid import exporter_doubts  # noqa: PLC0415
    from slo.rule_files import RulesForm  # noqa: PLC0415

    read = read_config(config)
    files = _build_all(read, RulesForm())
    found = [*_check_objectives(read), *_without_place(read)]
    if _print_and_judge(found):
        raise SystemExit(EXIT_PROBLEMS_FOUND)
    doubts = [*_routing_doubts(read), *exporter_doubts(read)]
    print_problems(doubts)
    if strict and (found or doubts):
        raise SystemExit(EXIT_PROBLEMS_FOUND)
    topology = read.topology
    gpus = sum(1 for _ in expected_gpus(topology))
    typer.echo(
        f"ok: {len(topology.groups)} groups, {gpus} GPUs, {len(topology.routers)} routers, "
        f"{len(topology.tools)} tool gateways; {len(files)} files can be built"
    )


@app.command()
def doctor(
    config: _ConfigOption = _DEFAULT_CONFIG,
    alertmanager: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", help="Ask this one, instead of the addresses of the configuration."
        ),
    ] = None,
    http_config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="How Alertmanagers are asked: credentials, headers, TLS."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    test_page: Annotated[
        bool,
        typer.Option(
            "--test-page",
            help="Page everybody whom objectives page, once, saying that it is a test; it ends by "
            "itself.",
        ),
    ] = False,
) -> None:
    """Ask Prometheus and Alertmanager what is wrong, and say what to do, the gravest first.

    Exits with 0 if nothing is wrong, with 1 if something is, with 2 if Prometheus, or an
    Alertmanager that was named, cannot be asked.
    """
    from alerts.doctor.command import Examination, print_examination  # noqa: PLC0415

    asked = Examination(config, tuple(alertmanager or ()), http_config, test_page)
    raise SystemExit(print_examination(asked, as_json=as_json))


def main() -> NoReturn:
    """Run the command; print problems, never a traceback, and exit."""
    try:
        app(prog_name="shardwatch")
    except InputError as error:
        exit_with(error.problems)
    except KeyboardInterrupt:
        raise SystemExit(EXIT_INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 - users get a sentence, whatever it was
        _apologise(error)
    raise SystemExit(0)


def _build_all(
    config: Config, form: RulesForm, builders: Iterable[str] | None = None
) -> dict[str, str]:
    """Return the files of all packages: where servers read files, if nobody says where else."""
    files: dict[str, str] = {}
    for name in BUILDERS if builders is None else builders:
        built: dict[str, str] = importlib.import_module(name).build(config, form)
        if both := files.keys() & built.keys():
            raise ValueError(f"{name} builds {min(both)!r}, which another package builds too")
        files.update(built)
    return files


def _require_own_folder(out: Path, files: Iterable[str], format_: BuildFormat) -> None:
    """Refuse a folder of another kind of build: what is read from there would go.

    Raises:
        InputError: if it is one.
    """
    from exporters.generated import generated_paths  # noqa: PLC0415 - as late as the packages

    built, there = _kinds(files), _kinds(generated_paths(out))
    if built and there - built:
        message = (
            f"found a build of {'/ and '.join(sorted(there))}/ in it, which one of {format_} would "
            "take away from whoever reads it"
        )
        fix = f"build into a folder of its own: -o {out}-{format_}"
        raise InputError([problem(out, message, fix=fix)])


def _kinds(paths: Iterable[str]) -> set[str]:
    """Return the folders among some paths that only one kind of build has."""
    return {"rules", "kubernetes"} & {each.partition("/")[0] for each in paths}


def _check_objectives(config: Config) -> list[Problem]:
    """Return what objectives cannot hold, or leave in doubt."""
    from slo.checks import check_objectives  # noqa: PLC0415 - as late as the packages
    from slo.objectives import read_objectives  # noqa: PLC0415

    return check_objectives(read_objectives(config))


def _without_place(config: Config) -> list[Problem]:
    """Return the targets that have no place in the topology: all others are watched."""
    return [problem(config.path, str(each)) for each in config.unplaced]


def _routing_doubts(config: Config) -> list[Problem]:
    """Return what is in doubt of who is told: a page may wake nobody, and that may be meant."""
    from alerts.routing.checks import routing_doubts  # noqa: PLC0415 - as late as the packages
    from slo.objectives import read_objectives  # noqa: PLC0415

    return routing_doubts(config, read_objectives(config))


def _print_and_judge(problems: Iterable[Problem]) -> bool:
    """Print problems, and tell whether there is an error among them: warnings stop nothing."""
    from slo.checks import has_errors  # noqa: PLC0415 - as late as the packages

    found = list(problems)
    print_problems(found)
    return has_errors(found)


def _apologise(error: Exception) -> NoReturn:
    if os.environ.get(TRACEBACK_VARIABLE) == "1":
        traceback.print_exception(error)
    else:
        said = " ".join(str(error).split()) or "no message"
        print(  # noqa: T201 - the one place that prints errors
            f"shardwatch failed, which is a mistake of ours: {type(error).__name__}: {said}\n"
            f"Please report it with what {TRACEBACK_VARIABLE}=1 makes the same command print.",
            file=sys.stderr,
        )
    raise SystemExit(EXIT_OUR_MISTAKE)


if __name__ == "__main__":
    main()
