"""The command line: scripts, chunks, and the prompt."""
