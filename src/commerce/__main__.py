"""``python -m commerce``: the command line."""

from commerce.cli import main

main()
