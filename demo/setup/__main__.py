"""``python3 -m demo.setup base test``: the programs and the environment, silent if all is there."""

from __future__ import annotations

import sys

from demo.setup.environment import provide_environment
from demo.setup.programs import provide_programs
from demo.setup.telling import end_after


def main() -> None:
    """Provide all programs and the groups of packages named."""
    provide_programs()
    provide_environment(sys.argv[1:] or ["base"])


if __name__ == "__main__":
    end_after(main)
