"""The parts of the fuzz target (see README.md in the folder above)."""
