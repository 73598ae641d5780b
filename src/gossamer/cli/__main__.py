"""`python -m gossamer.cli`: the command line of this very interpreter."""

from gossamer.cli import main

main()
