"""A small stack of real parts, into which faults are planted, for tests and the bench."""
