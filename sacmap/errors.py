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

import re

#: What a terminal obeys instead of showing, or shows in another order than it is written.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Longer than any sentence of ours with all it has to name; a file's own text can be of any length.
_LONGEST = 2_000


def one_line(text: str) -> str:
    """Return text as one line that a terminal shows and does not obey: controls spelt out, cut where far too long."""
    shown = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


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
        # Both may quote a file or an answer: what stands in it must not forge a line or steer a terminal.
        self.cause = one_line(cause)
        self.remedy = one_line(remedy)
        super().__init__(self.cause if not remedy else f"{self.cause}\n{self.remedy}")


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
