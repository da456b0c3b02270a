"""Bad input, a file a case in ``bad/``, with exactly what the command says of it beside it.

``GOLDEN=write .venv/bin/pytest tests/slo/spec/test_bad.py`` writes what it says anew; read the
diff.
"""

import os
import sys
from pathlib import Path

import pytest

import shardwatch
from exporters.problems import EXIT_BAD_INPUT, InputError
from slo import objectives
from slo.objectives import ObjectiveFile, read_objective_files

BAD = Path(__file__).parent / "bad"
CASES = sorted(path for path in BAD.iterdir() if path.suffix != ".txt")

SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: inference}\n"


@pytest.fixture
def validate(monkeypatch, capsys):
    """Runs ``shardwatch slo validate`` in a folder; gives the exit code, output and errors."""

    def validate(path: Path) -> tuple[int, str, str]:
        monkeypatch.chdir(path.parent)
        monkeypatch.setattr(sys, "argv", ["shardwatch", "slo", "validate", path.name])
        with pytest.raises(SystemExit) as ended:
            shardwatch.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return validate


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_bad_input_is_told_exactly(validate, case):
    """Where, what was found, what was expected, what to do; exit 2, nothing printed."""
    code, out, err = validate(case)

    told = case.with_suffix(".txt")
    if os.environ.get("GOLDEN") == "write":
        told.write_text(err, encoding="utf-8")
    assert (EXIT_BAD_INPUT, "", told.read_text(encoding="utf-8")) == (code, out, err)


def test_each_message_has_its_file():
    """None is left behind where a case goes."""
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_bad_input_is_placed_and_can_be_mended(case):
    """Every problem names a file and a line of it, and ends with what to do."""
    for line in case.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        name, number, column, rest = line.split(":", 3)
        file = BAD / name
        assert 1 <= int(number) <= len(file.read_text(encoding="utf-8").splitlines())
        assert int(column) >= 1
        assert "; " in rest, "it must say what to do"


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch, validate):
    """Its size is looked at before it is opened."""
    monkeypatch.setattr(objectives, "LARGEST_BYTES", 100)
    large = tmp_path / "large.yaml"
    large.write_text(SERVICE + "#" * 100)

    expected = (
        f"large.yaml: found {large.stat().st_size} bytes, expected at most 100; split the file\n"
    )
    assert (2, "", expected) == validate(large)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "---\n".join(f"{SERVICE}unknown{each}: 1\n" for each in range(10_000)),
            id="in ten thousand documents"),
        pytest.param(
            SERVICE + "".join(f"unknown{each}: 1\n" for each in range(10_000)),
            id="in one document"),
    ],
)  # fmt: skip
def test_ten_thousand_problems_are_all_found_and_a_hundred_shown(tmp_path, validate, text):
    """A hopeless file stays readable."""
    file = tmp_path / "hopeless.yaml"
    file.write_text(text)

    code, out, err = validate(file)

    assert (2, "") == (code, out)
    lines = err.splitlines()
    assert len(lines) == 101
    assert lines[-1] == "... and 9900 more"
    assert all("unknown field; remove it or correct its name" in line for line in lines[:-1])
    with pytest.raises(InputError) as caught:
        read_objective_files([ObjectiveFile(file, file.name)])
    assert len(caught.value.problems) == 10_000


def test_what_is_as_long_as_a_file_is_told_in_short(tmp_path, validate):
    """The value of a field, and its name."""
    long = "x" * 1_000_000
    file = tmp_path / "long.yaml"
    file.write_text(f"{SERVICE}? {long}\n: 1\nspec: {{description: {long}}}\n")

    code, _, err = validate(file)

    assert code == EXIT_BAD_INPUT
    assert len(err) < 2 * 2100
    assert "expected at most 1050 characters" in err


def test_ten_thousand_references_that_lead_nowhere_are_told_in_time(tmp_path, validate):
    """Each is compared with what there is, but not with everything."""
    sources = "".join(
        "---\napiVersion: openslo/v1\nkind: SLI\n"
        f"metadata: {{name: s{each}}}\n"
        "spec: {ratioMetric: {rawType: success, raw: {metricSource: "
        "{metricSourceRef: gone, spec: {query: a}}}}}\n"
        for each in range(5_000)
    )
    file = tmp_path / "hopeless.yaml"
    file.write_text(SERVICE + sources)

    code, _, err = validate(file)

    assert code == EXIT_BAD_INPUT
    assert err.splitlines()[-1] == "... and 4900 more"
