"""Every error sacmap raises, and the exit code the command line gives it.

    SacmapError            the root: catch this to catch all of ours
    ├── UsageError    2    the command or the study file asks for something that cannot be
    ├── InputError    2    a file given is not what it should be, or does not hold what is needed
    ├── SourceError   4    police.uk, its archive or another service cannot be reached or makes no sense
    └── DiskError     5    something cannot be read from or written to disk

A message has a cause and the next step, in one or two lines: what happened (and what was done about it), then
what to do. The command line prints both and no traceback.
"""

from __future__ import annotations


class SacmapError(Exception):
    """The root of sacmap's errors.

    Parameters
    ----------
    cause
        What happened and what was done about it, one sentence.
    remedy
        What to do next, one sentence; may be empty.
    """

    exit_code = 1

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause if not remedy else f"{cause}\n{remedy}")
        self.cause = cause
        self.remedy = remedy


class UsageError(SacmapError):
    """The command or the study file asks for something that cannot be."""

    exit_code = 2


class InputError(SacmapError):
    """A file given is not what it should be, or does not hold what is needed."""

    exit_code = 2


class SourceError(SacmapError):
    """A service cannot be reached, or what it answers makes no sense."""

    exit_code = 4


class DiskError(SacmapError):
    """Something cannot be read from or written to disk."""

    exit_code = 5
