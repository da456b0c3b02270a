"""Ready objectives for LLM serving: ``NAME.yaml`` is used as ``library:NAME``."""
