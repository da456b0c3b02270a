"""``python -m demo.sim``: serve the groups of a topology file as a simulated cluster."""

from exporters.problems import EXIT_INTERRUPTED

if __name__ == "__main__":
    try:
        # As late as here: numpy takes a while, and Ctrl-C may come meanwhile.
        from demo.sim.command import main

        main()
    except KeyboardInterrupt:
        raise SystemExit(EXIT_INTERRUPTED) from None
