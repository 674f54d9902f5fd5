"""One name for a force, however it is written."""

from __future__ import annotations

#: The force of the practice borough, which is made up.
PRACTICE_FORCE = "Dogger Bank Constabulary"
_TITLES = {"police", "constabulary", "service"}


def force_slug(name: str) -> str:
    """Return police.uk's slug of a force's name: "Avon & Somerset Constabulary" → avon-and-somerset.

    The Home Office's way of writing it gives the same: "London, City of" → city-of-london.
    """
    head, _, tail = name.partition(",")
    words = f"{tail} {head}".lower().replace("&", " and ").replace("-", " ").split()
    if words == ["british", "transport", "police"]:
        return "btp"
    return "-".join(w for w in words if w not in _TITLES and (w != "of" or words[:1] == ["city"]))
