"""The slug of a force, from its name in any of the usual spellings."""

from __future__ import annotations

#: The made-up force of the practice borough.
PRACTICE_FORCE = "Dogger Bank Constabulary"
_TITLES = {"police", "constabulary", "service"}


def force_slug(name: str) -> str:
    """Return police.uk's slug of a force's name: "Avon & Somerset Constabulary" → avon-and-somerset.

    The Home Office's spelling gives the same slug: "London, City of" → city-of-london.
    """
    head, _, tail = name.partition(",")
    words = f"{tail} {head}".lower().replace("&", " and ").replace("-", " ").split()
    if words == ["british", "transport", "police"]:
        return "btp"
    return "-".join(w for w in words if w not in _TITLES and (w != "of" or words[:1] == ["city"]))
