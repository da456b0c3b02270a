"""The figures of a whole demo: named, in their units, from the report."""

from demo.bench import budget_error, figures

REPORT = {
    "first_data_seconds": 20.0,
    "detected_seconds": 7.0,
    "paged_seconds": 130.0,
    "theory_seconds": 97.0,
    "budgets": [
        {"slo": "a", "truth": 10.0, "measured": 5.0},
        {"slo": "b", "truth": 1000.0, "measured": 990.0},
    ],
    "resources": {"pss_bytes": 512 * 1024 * 1024, "cpu_ratio": 0.05},
}


def test_figures_come_from_the_report():
    """The budget's error is that of the cell that was hit."""
    assert {each["name"]: (each["value"], each["unit"]) for each in figures(REPORT)} == {
        "demo.first_data_seconds": (20.0, "s"),
        "demo.lost_gpu_seconds": (7.0, "s"),
        "demo.page_over_theory_seconds": (33.0, "s"),
        "demo.budget_error": (0.01, "ratio"),
        "demo.pss_mib": (512.0, "MiB"),
        "demo.cpu_ratio_at_rest": (0.05, "cores"),
    }


def test_the_error_of_budgets_is_the_worst_that_can_be_seen():
    """Of all cells of all reports; cells that nobody sees or whose budget is unknown left out."""

    def report(*budgets: tuple[float | None, bool]) -> dict:
        return {"budgets": [{"budget_error_ratio": ratio, "seen": seen} for ratio, seen in budgets]}

    reports = [report((0.0001, True), (None, True)), report((0.002, True), (0.5, False))]
    assert budget_error(reports) == {
        "name": "sim.budget_error",
        "value": 0.002,
        "unit": "ratio of the period's budget",
        "baseline": 0.005,
    }
