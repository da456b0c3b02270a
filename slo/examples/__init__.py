"""Series made up from an objective's own selectors: what it would count as good and as bad."""
