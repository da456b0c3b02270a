"""What is written to be asked is asked: no query lies about that no board shows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import dashboards.queries

QUERIES = Path(dashboards.queries.__file__).parent
PACKAGE = QUERIES.parent


def tree_of(file: Path) -> ast.Module:
    """Return a module as a tree."""
    return ast.parse(file.read_text(encoding="utf-8"))


def given_by(tree: ast.Module) -> Iterator[str]:
    """Give the public names that a module of queries binds: constants, functions, classes."""
    for each in tree.body:
        match each:
            case ast.Assign(targets=targets):
                bound = [one.id for name in targets for one in ast.walk(name) if is_name(one)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                bound = [name]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound = [name]
            case _:
                bound = []
        yield from (name for name in bound if not name.startswith("_"))


def is_name(node: ast.AST) -> bool:
    """Tell whether a node is a plain name."""
    return isinstance(node, ast.Name)


def taken_from(module: str, tree: ast.Module) -> Iterator[str]:
    """Give the names that a tree takes of a module of queries, imported or as its attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=source, names=names) if (source or "").endswith(
                f"queries.{module}"
            ):
                yield from (each.name for each in names)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == module:
                yield name


def read_in(tree: ast.Module) -> Iterator[str]:
    """Give the names that a tree reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def unused(module: str, own: ast.Module, others: list[ast.Module]) -> set[str]:
    """Return what a module of queries gives and nobody takes."""
    taken = {name for each in others for name in taken_from(module, each)} | set(read_in(own))
    return set(given_by(own)) - taken


def test_every_query_is_drawn_by_a_board_or_used_by_another_module():
    """Of constants and functions alike; tests do not count."""
    trees = {file: tree_of(file) for file in PACKAGE.rglob("*.py")}
    found = {
        file.stem: unused(file.stem, tree, [each for other, each in trees.items() if other != file])
        for file, tree in trees.items()
        if file.parent == QUERIES and file.stem != "__init__"
    }
    assert len(found) > 10
    assert {each: set() for each in found} == found


def test_what_nobody_takes_is_found():
    """A namesake in another module does not hide it."""
    own = ast.parse("A = Query('a')\nB: Query = A\nC, D = 1, 2\ndef e(): ...\n_F = 3\n")
    other = ast.parse("from dashboards.queries.gpus import e\nbar(gpus.C, caches.B)\nD = 4")
    assert {"B", "D"} == unused("gpus", own, [other])
