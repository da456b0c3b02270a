"""Labels that stay bounded, and the count of what did not fit."""

import pytest

from exporters import catalog, folding
from exporters.folding import COUNTED_SECONDS, Folder
from exporters.page import Page


@pytest.fixture
def folder() -> Folder:
    """Folds tiers and models."""
    return Folder("router", ("tier", "model"))


def counted(folder, now):
    """How many values there were lately, by label."""
    page = Page()
    folder.add_to(page, now)
    return {key[1]: value for key, value in page.of(catalog.EXPORTER_FOLDED_VALUES).items()}


def test_a_value_that_is_allowed_stays_and_another_is_other(folder):
    """Only that one is counted; of each label there is a count."""
    assert folder.fold("tier", "free", ("free",)) == "free"
    assert folder.fold("tier", "gold", ("free",)) == "other"
    assert counted(folder, 0.0) == {"tier": 1.0, "model": 0.0}


def test_a_value_counts_once_for_as_long_as_it_comes_and_a_while_after(folder):
    """However often somebody looks."""
    for now in (0.0, 1.0, 2.0):
        folder.count("tier", "gold")
        assert counted(folder, now)["tier"] == 1.0
    assert counted(folder, 2.0 + COUNTED_SECONDS)["tier"] == 1.0
    assert counted(folder, 2.1 + COUNTED_SECONDS)["tier"] == 0.0


def test_what_is_told_apart_is_bounded(folder, monkeypatch):
    """Clients may think of any number of names, within a collection or over many."""
    monkeypatch.setattr(folding, "MOST_COUNTED", 10)
    for now in range(3):
        for number in range(25):
            folder.count("tier", f"{now}-{number}")
        assert counted(folder, float(now))["tier"] == 10.0
    assert len(folder._folded) == 10


def test_another_folder_goes_on_with_what_there_was(folder):
    """The topology changed, and nothing else."""
    folder.count("tier", "gold")
    counted(folder, 0.0)
    other = Folder("router", ("tier", "model"))
    other.take_over(folder)
    assert counted(other, 1.0)["tier"] == 1.0
