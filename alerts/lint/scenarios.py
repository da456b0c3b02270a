"""Which alerts scenarios expect, as their files say: no other word of them is looked at."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from exporters.documents import read_document
from exporters.problems import InputError, Problem, problem
from slo.rule_reading.files import SUFFIXES


class _Expectation(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    alert: str


class _Scenario(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    expect: list[_Expectation] = []


def read_expected(folder: Path) -> frozenset[str]:
    """Return the names of all alerts that the scenarios of a folder expect.

    Raises:
        InputError: if it is no folder, has no scenario, or one cannot be read.
    """
    if not folder.is_dir():
        raise InputError([problem(folder, "no such folder", fix="name a folder of scenarios")])
    files = sorted(each for each in folder.iterdir() if each.suffix in SUFFIXES)
    expected: set[str] = set()
    problems: list[Problem] = []
    for file in files:
        try:
            scenario = read_document(file).parse(_Scenario)
        except InputError as error:
            problems += error.problems
        else:
            expected |= {each.alert for each in scenario.expect}
    if not files:
        problems.append(problem(folder, "found no scenario", fix="name a folder of scenarios"))
    if problems:
        raise InputError(problems)
    return frozenset(expected)
