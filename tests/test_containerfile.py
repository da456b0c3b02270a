"""``Containerfile``: pinned, in stages, nobody's root, and hadolint finds nothing."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from exporters.config import PORTS
from exporters.kubernetes.names import CONFIG_FOLDER
from exporters.kubernetes.pods import USER
from exporters.version import VERSION

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "Containerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def instructions() -> list[tuple[str, str]]:
    """Return the instructions with what they say, in one line each."""
    lines = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#"))
    joined = lines.replace("\\\n", " ")
    return [
        (line.split(None, 1)[0], " ".join(line.split(None, 1)[1].split()))
        for line in joined.splitlines()
        if line.strip()
    ]


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage."""
    found: list[list[tuple[str, str]]] = []
    for instruction, said in instructions():
        if instruction == "FROM":
            found.append([])
        if found:
            found[-1].append((instruction, said))
    return found


def copied() -> set[str]:
    """Return what is copied from the checkout."""
    sources = set()
    for instruction, said in instructions():
        words = shlex.split(said)
        if instruction == "COPY" and not words[0].startswith("--from="):
            sources |= set(words[:-1])
    return sources


def lint(text: str) -> str:
    """Return what hadolint finds."""
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    hadolint = shutil.which("hadolint", path=path)
    assert hadolint, "hadolint is no package of the environment: make setup"
    done = subprocess.run(
        [hadolint, "--no-color", "-"], input=text, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_hadolint_finds_nothing():
    """With all its rules on."""
    assert "" == lint(TEXT)


@pytest.mark.parametrize(
    ("found", "put"),
    [("USER 65532:65532", "USER root"), ("WORKDIR /src", "WORKDIR src"), (":3.11.14-slim-", ":")],
)
def test_a_mistake_is_seen(found: str, put: str):
    """By hadolint, or by the tests below."""
    assert found in TEXT
    broken = TEXT.replace(found, put)
    assert lint(broken) or not re.search(r"python:\d+\.\d+\.\d+-slim-\w+$", broken, re.MULTILINE)


def test_its_base_is_pinned_and_new_enough():
    """By the whole version of Python and of Debian."""
    ((name, said),) = [each for each in instructions() if each[0] == "ARG"]
    found = re.fullmatch(r"BASE=docker\.io/library/python:(\d+\.\d+)\.\d+-slim-bookworm", said)
    assert found, (name, said)
    assert f">={found[1]}" == PROJECT["project"]["requires-python"]
    assert {"${BASE}"} == {stage[0][1].split()[0] for stage in stages()}


def test_the_image_installs_nothing_and_holds_nothing_that_does():
    """What is built is built in the stage before."""
    build, last = stages()
    assert any("pip" in said and "install" in said for _, said in build)
    runs = [said for name, said in last if name == "RUN"]
    assert [
        "python -m pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip"
    ] == runs
    assert ["--from=build /opt/shardwatch /opt/shardwatch"] == [
        said for name, said in last if name == "COPY"
    ]


def test_packages_are_checked_against_their_hashes():
    """Or come from the checkout, without any index."""
    installs = [
        command
        for name, said in stages()[0]
        if name == "RUN"
        for command in said.split("&&")
        if re.search(r"pip .*\b(install|wheel)\b", command)
    ]
    assert 4 == len(installs)
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_it_runs_as_nobodys_root_the_user_of_our_pods():
    """By number; and the ports are the exporters'."""
    last = dict(stages()[-1])
    assert f"{USER}:{USER}" == last["USER"]
    assert " ".join(map(str, sorted(PORTS.values()))) == last["EXPOSE"]
    assert '["shardwatch"]' == last["ENTRYPOINT"]
    assert CONFIG_FOLDER == last["WORKDIR"]
    assert f"shardwatch:{VERSION}" in TEXT


def test_it_copies_what_the_wheel_is_made_of_and_no_more():
    """Every package of it; and what is copied is there."""
    wheel = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    wanted = wheel | {"pyproject.toml", "README.md", "LICENSE",
                      "requirements/build.txt", "requirements/base.txt"}  # fmt: skip
    assert wanted == copied()
    assert all((ROOT / each).exists() for each in wanted)


def test_nothing_else_is_sent_to_who_builds_it():
    """Neither gigabytes nor somebody's secrets; docker looks for the list under its own name."""
    first, *allowed, last = [
        line
        for line in (ROOT / ".containerignore").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert ("*", "**/__pycache__") == (first, last)
    assert {each.split("/")[0] for each in copied()} == {each.removeprefix("!") for each in allowed}
    assert (ROOT / ".dockerignore").resolve() == ROOT / ".containerignore"
