"""Plugins for vLLM: this folder, not the package, is on the path of its processes."""
