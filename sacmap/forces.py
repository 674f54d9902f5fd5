"""Names and slugs of forces."""

from __future__ import annotations

import re

from sacmap.notices import spoken

#: British Transport Police covers all of England and Wales: its name, and the slug that police.uk uses.
TRANSPORT_POLICE, TRANSPORT_SLUG = "British Transport Police", "btp"
#: The made-up force of the practice borough.
PRACTICE_FORCE = "Dogger Bank Constabulary"
#: The force of rows that do not name one.
NO_FORCE = "Force not named"
_TITLES = {"police", "constabulary", "service"}
#: A force renamed in 2022, whose slug stayed.
_RENAMED = {"hampshire-and-isle-wight": "hampshire"}
#: Forces whose area is not called as the force is, by slug.
_AREAS = {
    TRANSPORT_SLUG: TRANSPORT_POLICE,
    "metropolitan": "the Metropolitan Police area",
    "northern-ireland": "Northern Ireland",
    "thames-valley": "the Thames Valley",
    "west-midlands": "the West Midlands",
}
_TITLE = re.compile(r"(?<=\S)\s+(?:constabulary|police(?: service)?)$", re.IGNORECASE)


def force_area(name: str) -> str:
    """Return what the area of a force is called in a sentence.

    >>> force_area("Avon and Somerset Constabulary"), force_area("City of London Police")
    ('Avon and Somerset', 'the City of London')
    """
    return "the force" if name == NO_FORCE else _AREAS.get(force_slug(name)) or spoken(_TITLE.sub("", name))


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
