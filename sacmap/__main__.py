"""The `sacmap` command, as `python -m sacmap` and as the program that pip installs."""

import gc

from sacmap.cli import main


def run() -> None:
    """Run the command in a process of its own.

    Nearly all that a run makes, it keeps to its end. To look for cycles among it takes a tenth of the time of an
    everyday run: `python benchmarks/everyday.py` with and without.
    """
    gc.disable()
    try:
        main()
    finally:
        # Python looks for cycles once more when it ends, but not among what is frozen.
        gc.freeze()


if __name__ == "__main__":
    run()
