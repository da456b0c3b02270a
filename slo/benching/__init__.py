"""What ``slo/bench.py`` measures with: traffic whose truth is known, rules played over its past."""
