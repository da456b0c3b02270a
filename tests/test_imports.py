"""Imports go one way: exporters <- slo <- alerts <- dashboards <- demo."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ("exporters", "slo", "alerts", "dashboards", "demo")
"""A package may import itself and those before it."""

COMMAND = "shardwatch"
"""The module that mounts every package's commands; none of them imports it."""


def wheel_contents() -> list[str]:
    """Return what pyproject.toml puts into a wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]


def imports_of(text: str, package: str) -> Iterator[tuple[int, str]]:
    """Give the line and top-level name of each import; relative ones are the package's own.

    Imports within functions and under TYPE_CHECKING count: a direction has no exceptions.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, package if node.level else (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            named = node.args[0] if node.args else None
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                yield node.lineno, named.value.split(".")[0]


def against_the_order(text: str, package: str) -> list[tuple[int, str]]:
    """Return the imports of a package's module that it must not have."""
    allowed = ORDER[: ORDER.index(package) + 1]
    ours = {*ORDER, COMMAND}
    return [
        (line, name)
        for line, name in imports_of(text, package)
        if name in ours and name not in allowed
    ]


@pytest.mark.parametrize("package", ORDER)
def test_a_package_imports_only_itself_and_those_before_it(package: str):
    """Every module, every import, wherever in the module it stands."""
    modules = sorted((ROOT / package).rglob("*.py"))
    found = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules
        for line, name in against_the_order(path.read_text(), package)
    ]

    assert modules
    assert [] == found


@pytest.mark.parametrize(
    ("package", "text", "expected"),
    [
        ("exporters", "import slo.burn", [(1, "slo")]),
        ("slo", "def f():\n    from alerts import build", [(2, "alerts")]),
        ("alerts", "if TYPE_CHECKING:\n    from demo.engine import Child", [(2, "demo")]),
        ("dashboards", "import importlib\nimportlib.import_module('demo.cli')", [(2, "demo")]),
        ("demo", "import shardwatch", [(1, "shardwatch")]),
        ("demo", "from exporters import catalog\nfrom . import engine\nimport slo", []),
        ("slo", "import sloth\nfrom exporters.catalog import GPU_UP", []),
    ],
)
def test_an_import_against_the_order_is_seen(
    package: str, text: str, expected: list[tuple[int, str]]
):
    """Late imports, imports for types alone and imports by name are imports."""
    assert expected == against_the_order(text, package)


def test_the_wheel_holds_the_packages_and_the_command():
    """A package that is added to the order must be added to the wheel, and the reverse."""
    assert sorted([*ORDER, f"{COMMAND}.py"]) == sorted(wheel_contents())


def test_what_the_wheel_holds_exists():
    """A name in the list that is nowhere would be left out in silence."""
    found = [
        name
        for name in wheel_contents()
        if (ROOT / name).is_file() or (ROOT / name / "__init__.py").is_file()
    ]

    assert wheel_contents() == found


def test_every_directory_of_modules_is_a_package():
    """Without __init__.py a directory works from the checkout, but names no package."""
    missing = sorted(
        {
            str(path.parent.relative_to(ROOT))
            for package in ORDER
            for path in (ROOT / package).rglob("*.py")
            if not (path.parent / "__init__.py").is_file()
        }
    )

    assert [] == missing
