"""`python -m joinedup.cli` is the command line."""

from joinedup.cli import main

main()
