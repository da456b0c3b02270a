"""The runner of the suites counts right, and does not call a broken run a good one."""

from pathlib import Path

import pytest

from tests.suites import Part, Tally, main, plan, read_tally, run

JUNIT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure/></testcase>
<testcase name="c"><error/></testcase><testcase name="d"><skipped/></testcase>
<testcase name="e"/></testsuite></testsuites>"""


def test_a_report_is_counted_by_outcome(tmp_path: Path):
    """Errors of fixtures count as failed."""
    report = tmp_path / "report.xml"
    report.write_text(JUNIT)

    assert Tally(passed=2, failed=2, skipped=1) == read_tally(report, exit_code=1)


def test_a_run_without_a_report_counts_as_failed(tmp_path: Path):
    """Pytest that crashed leaves no report."""
    assert Tally(failed=1) == read_tally(tmp_path / "none.xml", exit_code=0)


def test_a_run_that_exits_badly_without_a_failed_test_counts_as_failed(tmp_path: Path):
    """No test collected, or an error at the end of the session."""
    report = tmp_path / "report.xml"
    report.write_text("<testsuites><testsuite><testcase name='a'/></testsuite></testsuites>")

    assert Tally(passed=1, failed=1) == read_tally(report, exit_code=5)


def test_the_closing_line_names_what_there_was():
    """Passed is always named, failed and skipped where there are any."""
    assert "=== 3 passed in 61s ===" == Tally(passed=3).closing_line(60.6)
    assert "=== 0 passed, 2 failed, 1 skipped in 5s ===" == Tally(0, 2, 1).closing_line(5)


def test_parts_of_a_suite_run_and_are_summed(tmp_path: Path):
    """A part that fails is seen beside one that passes."""
    (tmp_path / "test_good.py").write_text("def test_good(): pass\n")
    (tmp_path / "test_bad.py").write_text("def test_bad(): assert 0\n")
    alone = ("-c", "/dev/null", "--rootdir", str(tmp_path), "-q")
    parts = [
        Part("good", (*alone, str(tmp_path / "test_good.py")), limit_seconds=60),
        Part("bad", (*alone, str(tmp_path / "test_bad.py")), limit_seconds=60, niceness=1),
    ]

    assert Tally(passed=1, failed=1) == run(parts, tmp_path)


def test_a_part_that_does_not_end_is_stopped_and_counts_as_failed(tmp_path: Path):
    """A demo that hangs must not hang the tests."""
    (tmp_path / "test_long.py").write_text("import time\ndef test_long(): time.sleep(600)\n")
    alone = ("-c", "/dev/null", "--rootdir", str(tmp_path), "-q")

    tally = run([Part("long", (*alone, str(tmp_path)), limit_seconds=1)], tmp_path)

    assert 1 == tally.failed


def test_all_scenarios_run_beside_the_quick_tests_where_both_are_asked_for():
    """Demos wait most of the time; gpu-lost is one of the scenarios, and runs once."""
    assert [["quick", "e2e"], ["vllm"]] == _names(["quick", "e2e", "vllm"])


def test_one_demo_runs_beside_the_quick_tests_alone():
    """`make test` shows the main job without waiting for every scenario."""
    assert [["quick", "gpu-lost"]] == _names(["quick"])


def _names(suites: list[str]) -> list[list[str]]:
    return [[part.name for part in parts] for parts in plan(suites, processors=2)]


def test_gpu_lost_is_a_scenario_like_others_where_only_scenarios_run():
    """`make test-e2e` alone runs all of them."""
    (part,) = plan(["e2e"], processors=2)[0]

    assert "tests/e2e" in part.arguments


def test_other_scenarios_run_by_themselves_as_many_at_once_as_asked_for():
    """Neither quick tests nor those of each change run them."""
    ((part,),) = plan(["scenarios"], processors=2, demos_at_once=3)
    assert ("-m", "scenario", "-n", "3") == part.arguments[:4]
    quick = plan(["quick"], processors=2)[0][0]
    assert "not scenario" in quick.arguments[1]


def test_a_suite_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]):
    """With those that there are."""
    with pytest.raises(SystemExit) as refused:
        main(["everything"])
    assert 2 == refused.value.code
    assert "'scenarios'" in capsys.readouterr().err
