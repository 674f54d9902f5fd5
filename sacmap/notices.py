"""Notices: warnings and remarks that go with the figures."""

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
