"""`python -m sacmap` is the `sacmap` command."""

from sacmap.cli import main

main()
