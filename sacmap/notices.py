"""Notices, the warnings and remarks that go with the figures, and ways to name several things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """A warning or remark: a code for scripts and a sentence for people."""

    code: str
    text: str


def listed(items: Sequence[str], most: int, between: str = "; ") -> str:
    """Return the first `most` items, joined by `between`, and how many more there are."""
    more = f"{between}and {len(items) - most:,} more" if len(items) > most else ""
    return between.join(items[:most]) + more


def series(items: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} and {items[-1]}"
