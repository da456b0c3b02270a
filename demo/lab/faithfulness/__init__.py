"""Whether replayed rules fire as promtool says: random series and rules, judged by both."""
