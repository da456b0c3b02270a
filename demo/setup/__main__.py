"""``python3 -m demo.setup base test``: programs, environment, packages; silent if all is there."""

from __future__ import annotations

import sys

from demo.setup.environment import provide_environment
from demo.setup.node_packages import provide_node_packages
from demo.setup.programs import PROGRAMS, TEST_PROGRAMS, provide_programs
from demo.setup.telling import end_after


def main() -> None:
    """Provide all programs and the groups of packages named."""
    groups = sys.argv[1:] or ["base"]
    provide_programs((*PROGRAMS, *(TEST_PROGRAMS if "test" in groups else ())))
    provide_environment(groups)
    if "test" in groups:
        provide_node_packages()


if __name__ == "__main__":
    end_after(main)
