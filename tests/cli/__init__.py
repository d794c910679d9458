"""The command line, run as people run it: `python -m reactor` in a process of its own."""
