"""What the groups of rules that shardwatch writes are called."""

from __future__ import annotations

from functools import cache

from slo import rules
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files

CELLS_GROUP = "shardwatch-cells"
CAUSES_GROUP = "shardwatch-causes"
ALERTS_GROUP = "shardwatch-alerts"


@cache
def group_names() -> frozenset[str]:
    """Return the names of all groups that can be told without a configuration.

    Those that are always built, and those of the library's objectives.
    """
    files = [ObjectiveFile(LIBRARY / f"{each}.yaml", f"library:{each}") for each in library_names()]
    of_library = (rules.group_names(each.name) for each in read_objective_files(files))
    return frozenset({CELLS_GROUP, CAUSES_GROUP, ALERTS_GROUP}.union(*of_library))
