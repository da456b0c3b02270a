"""npm's packages for tests are fetched once, by their lock, and never half."""

import json
from pathlib import Path

import pytest

from demo.setup.node_packages import LOCKS, node_directory, provide_node_packages
from exporters.problems import InputError

ROOT = Path(__file__).resolve().parents[3]
NPM = """#!/bin/sh
echo "$@" >> "{log}"
[ -e "{broken}" ] && {{ echo 'npm error code ENOTFOUND' >&2; exit 1; }}
mkdir node_modules && cp package-lock.json node_modules/
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose Python only notes what it is asked, and makes ``node_modules``."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text(NPM.format(log=tmp_path / "log", broken=tmp_path / "broken"))
    python.chmod(0o755)
    (tmp_path / "requirements/node").mkdir(parents=True)
    for name in LOCKS:
        (tmp_path / "requirements/node" / name).write_text(f'"{name}"')
    return tmp_path


def calls(root: Path) -> int:
    """Return how often npm was called."""
    return len((root / "log").read_text().splitlines()) if (root / "log").exists() else 0


def test_packages_are_fetched_once(root: Path):
    """And again only when the lock changes."""
    said: list[str] = []
    directory = provide_node_packages(root, said.append)
    provide_node_packages(root, said.append)

    assert node_directory(root) == directory
    assert (directory / "node_modules/package-lock.json").is_file()
    assert (1, 1) == (calls(root), len(said))

    (root / "requirements/node/package-lock.json").write_text('"newer"')
    provide_node_packages(root, said.append)

    assert '"newer"' == (directory / "node_modules/package-lock.json").read_text()
    assert 2 == calls(root)


def test_what_cannot_be_fetched_leaves_what_was_there(root: Path):
    """And npm's last words are told."""
    directory = provide_node_packages(root, lambda _: None)
    (root / "requirements/node/package-lock.json").write_text('"newer"')
    (root / "broken").touch()

    with pytest.raises(InputError) as refused:
        provide_node_packages(root, lambda _: None)

    assert (
        "npm: could not fetch packages: npm error code ENOTFOUND; check that npm reaches its "
        "registry, then try again"
    ) == str(refused.value)
    assert '"package-lock.json"' == (directory / "node_modules/package-lock.json").read_text()


def test_the_lock_has_what_is_wanted_by_hashes_and_says_nothing_of_where_it_comes_from():
    """As those of Python's packages."""
    folder = ROOT / "requirements/node"
    wanted = json.loads((folder / "package.json").read_text())["devDependencies"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    root = locked.pop("")

    assert wanted == root["devDependencies"]
    versions = {
        name.removeprefix("node_modules/"): each["version"] for name, each in locked.items()
    }
    assert wanted.items() <= versions.items()
    assert all(each["integrity"].startswith("sha512-") for each in locked.values())
    assert not any("resolved" in each for each in locked.values())
