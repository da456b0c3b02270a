"""One module for each subject; a check is a function there, and a row of ``CHECKS``."""
