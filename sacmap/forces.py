"""Names and slugs of forces."""

from __future__ import annotations

#: British Transport Police covers all of England and Wales: its name, and the slug that police.uk uses.
TRANSPORT_POLICE, TRANSPORT_SLUG = "British Transport Police", "btp"
#: The made-up force of the practice borough.
PRACTICE_FORCE = "Dogger Bank Constabulary"
#: The force of rows that do not name one.
NO_FORCE = "Force not named"
_TITLES = {"police", "constabulary", "service"}
#: A force renamed in 2022, whose slug stayed.
_RENAMED = {"hampshire-and-isle-wight": "hampshire"}


def force_slug(name: str) -> str:
    """Return police.uk's slug of a force's name: "Avon & Somerset Constabulary" → avon-and-somerset.

    The Home Office's spelling gives the same slug: "London, City of" → city-of-london.
    """
    head, _, tail = name.partition(",")
    words = f"{tail} {head}".lower().replace("&", " and ").replace("-", " ").split()
    if words == ["british", "transport", "police"]:
        return TRANSPORT_SLUG
    slug = "-".join(w for w in words if w not in _TITLES and (w != "of" or words[:1] == ["city"]))
    return _RENAMED.get(slug, slug)
