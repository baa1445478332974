"""The benchmark: lupa 2.8 and this package, side by side. `python -m bench --help`; how it works is in README.md."""
