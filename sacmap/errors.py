"""Every error sacmap raises, and the exit code the command line gives it.

    SacmapError            the base class: catch this to catch every error of sacmap
    ├── UsageError    2    the command or the study file is wrong
    ├── InputError    2    a file has the wrong form or lacks something that is needed
    ├── SourceError   4    police.uk, its archive or another service is unreachable or gives an unusable answer
    └── DiskError     5    reading from or writing to disk failed

A message has two lines at most: first what happened and what sacmap did, then what to do next. The command line
prints both, without a traceback.
"""

from __future__ import annotations

import re

from sacmap.redaction import redacted_text

#: Control characters that a terminal acts on, and marks that change the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: Longer than any message of sacmap. Text quoted from a file can be of any length.
_LONGEST = 2_000


def one_line(text: str) -> str:
    """Return text as one line that is safe to print: control characters escaped, overlong text cut."""
    shown = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


class SacmapError(Exception):
    """The base class of sacmap's errors.

    Parameters
    ----------
    cause
        What happened and what sacmap did, in one sentence.
    remedy
        What to do next, in one sentence; may be empty.
    """

    exit_code = 1

    def __init__(self, cause: str, remedy: str = "") -> None:
        # Both may quote a file or a server. The quoted text must not add lines or control the terminal.
        self.cause = one_line(redacted_text(cause))
        self.remedy = one_line(redacted_text(remedy))
        super().__init__(self.cause if not remedy else f"{self.cause}\n{self.remedy}")


class UsageError(SacmapError):
    """The command or the study file is wrong."""

    exit_code = 2


class InputError(SacmapError):
    """A file has the wrong form or lacks something that is needed."""

    exit_code = 2


class SourceError(SacmapError):
    """A service is unreachable or gives an unusable answer."""

    exit_code = 4


class DiskError(SacmapError):
    """Reading from or writing to disk failed."""

    exit_code = 5


def require_type(given: object, kind: type, made: str) -> None:
    """Refuse an argument of another type, as a notebook may give it. `made` says how to make one of this type.

    Raises
    ------
    UsageError
        If it is of another type. The message names both.
    """
    if not isinstance(given, kind):
        raise UsageError(f"A {kind.__name__} is needed, and a {type(given).__name__} was given.", made)
