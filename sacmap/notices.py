"""Notices, the warnings and remarks that go with the figures, and ways to write counts and to name several things."""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """A warning or remark: a code for scripts and a sentence for people."""

    code: str
    text: str


#: Codes of the notices that come before all others.
TOLD_FIRST = ("absent-types", "no-such-offence", "areas-not-known")
#: Codes of the notices to read before the figures; on the page the others are folded away.
WEIGHTY = {
    "months-left-out", "unfit-comparator", "weak-comparator", "unlike-comparator", "definition", "known-gap",
    "no-location-drift", "points-moved", "given-twice", "empty-areas", "tiles", "restricted", "suppressed", "extract",
    "households-not-known", "households-part-covered", "households-rough", "forces-left-out", "areas-not-known",
    "forces-left-out-outside", "short-baseline", "coverage-from-sac", "absent-types", "plan-unchecked",
    "repeated-file", "filtered-file", "doubled-file", "full-spreadsheet", "rough-places", "no-such-offence",
    "cancelled-rows", "shared-ids", "part-months", "unknown-crime-types", "offence-dates",
    "areas-under-others", "boundary-left-out", "taken-back", "hidden-sheets", "misplaced-months",
    "emptied-areas", "no-group",
}  # fmt: skip
#: Codes of the notices for the analyst, that change nothing a committee reads: the Word note leaves them out.
MINOR = {
    "repeated-rows", "shared-points", "other-forces", "given-twice", "mended-boundaries", "overlaps", "same-names",
    "tiles", "boundary-columns", "households-column", "unknown-crime-types", "stale",
}  # fmt: skip


def listed(items: Sequence[str], most: int, between: str = "; ") -> str:
    """Return the first `most` items, joined by `between`, and how many more there are."""
    more = f"{between}and {len(items) - most:,} more" if len(items) > most else ""
    return between.join(items[:most]) + more


def series(items: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"; "a, and b and c" where a name has an "and" of its own."""
    last = ", and " if any(" and " in item for item in items) else " and "
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])}{last}{items[-1]}"


#: Signs that are not seen, and those that look alike in print.
_IN_PRINT = str.maketrans("‘’ʼ´`“”–‐‑−", "'''''\"\"----", "\u200b\u00ad\ufeff")


def folded(name: str) -> str:
    """Return a name in one spelling, for comparison: names that look alike but for capitals are the same.

    Typographic apostrophes, accents as signs of their own and spaces that do not break are how programs differ.

    >>> folded("St\u00a0Mary’s"), folded("Lly\u0302n") == folded("Llŷn")
    ("st mary's", True)
    """
    return " ".join(unicodedata.normalize("NFKC", name.translate(_IN_PRINT)).casefold().split())


def _words(name: str) -> list[str]:
    """Return the words of a name without accents, capitals and punctuation: "St. Helen's & Môn" → st helens and mon."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    plain = "".join(" " if one in ",.-_/()" else one for one in letters if one.isalnum() or one in " ,.-_/()")
    return ["st" if word == "saint" else word for word in plain.split()]


def alike(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """Return up to `most` of the names that may be meant by one: with all its words, or else written like it.

    >>> alike("Bristol", ["Bath", "Bristol, City of"]), alike("Stoke on Tent", ["Stoke-on-Trent", "Stafford"])
    (['Bristol, City of'], ['Stoke-on-Trent'])
    """
    mine = _words(name)
    words = {one: _words(one) for one in names}
    found = [one for one, its in words.items() if mine and {*mine} <= {*its}]
    if not found:
        spelt = {" ".join(its): one for one, its in words.items()}
        found = [spelt[near] for near in difflib.get_close_matches(" ".join(mine), spelt, most)]
    return found[:most]


#: How names begin that have an article in a sentence.
_WITH_ARTICLE = ("City of ", "County of ", "Isle of ", "Isles of ", "Vale of ", "Forest of ")


def spoken(place: str) -> str:
    """Return the name of a place in a sentence: "the City of Bristol" for "Bristol, City of" and "City of Bristol".

    >>> spoken("Bristol, City of"), spoken("City of London"), spoken("Leeds")
    ('the City of Bristol', 'the City of London', 'Leeds')
    """
    name, _, title = place.partition(", ")
    whole_name = f"{title} {name}" if title in {"City of", "County of"} else place
    return f"the {whole_name}" if whole_name.startswith(_WITH_ARTICLE) else place


def whole(value: float) -> str:
    """Return a count as people write it: 1,234. Halves are rounded away from zero, and there is no minus nought.

    What is not known is a dash.
    """
    if math.isnan(value):
        return "–"
    rounded = math.floor(abs(value) + 0.5)
    return f"{'−' if value < 0 and rounded else ''}{rounded:,}"


#: A noun for `counted`.
MONTHS = ("month", "months")


def counted(count: float, noun: tuple[str, str]) -> str:
    """Return a count with its noun, of which there is one for one and one for several: "1 ward", "33 wards"."""
    text = whole(count)
    return f"{text} {noun[text != '1']}"
