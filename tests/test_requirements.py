"""The lock files hold every dependency with hashes, and say nothing of where it comes from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WANTED = {
    "build": PROJECT["build-system"]["requires"],
    "base": PROJECT["project"]["dependencies"],
    "test": PROJECT["dependency-groups"]["test"],
    "lint": PROJECT["dependency-groups"]["lint"],
}
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def requirements_of(file: Path) -> list[str]:
    """Return the requirements of a lock file, each with its hashes, as one line."""
    lines = [line for line in file.read_text().splitlines() if not line.strip().startswith("#")]
    return [entry for entry in "\n".join(lines).replace("\\\n", " ").splitlines() if entry.strip()]


def normal(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_of(group: str) -> set[tuple[str, str]]:
    """Return names and versions of a lock file."""
    entries = requirements_of(ROOT / f"requirements/{group}.txt")
    found = [REQUIREMENT.match(entry) for entry in entries]
    return {(normal(each["name"]), each["version"]) for each in found if each}


@pytest.mark.parametrize(
    "file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda f: f.name
)
def test_every_requirement_is_a_version_with_hashes(file: Path):
    """No option, address or path stands among them, so every index with these files will do."""
    entries = requirements_of(file)

    assert entries
    assert [] == [each for each in entries if not (REQUIREMENT.match(each) and HASH.search(each))]
    assert [] == re.findall(
        r"^\s*-.*(?:index|find-links|trusted-host).*$|\w+://\S+", file.read_text()
    )


@pytest.mark.parametrize("group", sorted(WANTED))
def test_what_pyproject_asks_for_is_locked(group: str):
    """A new dependency needs `make lock`."""
    wanted = {normal(re.split(r"[\[<>=~! ;]", each)[0]) for each in WANTED[group]}

    assert set() == wanted - {name for name, _ in pins_of(group)}


def test_groups_agree_on_versions():
    """They are installed into one environment; only numpy differs by Python's version."""
    versions: dict[str, set[str]] = {}
    for group in ("base", "test", "lint", "build"):
        for name, version in pins_of(group):
            versions.setdefault(name, set()).add(version)

    assert {"numpy"} >= {name for name, found in versions.items() if len(found) > 1}
