"""Wards and LSOAs of a district from the ONS Open Geography service (ArcGIS REST, FeatureServer).

Peculiarities of the service: errors come with status 200. A layer returns a limited number of rows and then sets
`exceededTransferLimit`, at the top level or under `properties`. Services and fields get new names every year (WD23CD,
LAD23NM, LSOA21CD). Therefore fields are taken from the layer's description, a missing service is looked up in the
catalogue, rows are counted, and nothing is returned unless all rows have come.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sacmap.areas.boundaries import areas_from_shapes
from sacmap.areas.mend import merged, require_few_crossings
from sacmap.errors import InputError, SourceError, one_line
from sacmap.fetch.request import Reply, UnusableError
from sacmap.fetch.retry import AttemptResult
from sacmap.fetch.web import Web, json_judge
from sacmap.files.json_shape import JsonObject
from sacmap.limits import CORNERS, FEATURES

SERVICES = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services"
#: Kind and year → name of the service, as used in public code. Generalised and clipped (BGC) where available.
KNOWN = {
    ("wards", "2019"): "Wards_December_2019_Boundaries_UK_BGC_2022",
    ("wards", "2022"): "Wards_December_2022_Boundaries_UK_BGC",
    ("wards", "2023"): "WD_MAY_2023_UK_BFC",
    ("wards", "2024"): "Wards_December_2024_Boundaries_UK_BGC",
    ("wards", "2025"): "WD_DEC_2025_UK_BSC",
    ("lsoas", "2011"): "Lower_layer_Super_Output_Areas_Dec_2011_Boundaries_Full_Clipped_BFC_EW_V3_2022",
    ("lsoas", "2021"): "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5",
    ("districts", "2022"): "Local_Authority_Districts_December_2022_Boundaries_UK_BGC",
    ("districts", "2023"): "Local_Authority_Districts_December_2023_Boundaries_UK_BGC",
    ("districts", "2024"): "Local_Authority_Districts_December_2024_Boundaries_UK_BGC",
}
USUAL = {"wards": "2024", "lsoas": "2021"}
LICENCE = (
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0. Contains OS data © Crown "
    "copyright and database right."
)

#: What to do about a layer that will not do, and about a district that is not found.
ANOTHER = "Give another layer with --service-url."
RENAMED = (
    'Give the name that the ONS had in that year, such as "Bristol, City of", or another --vintage: districts merge '
    "and are renamed."
)
#: The prefixes of field names, and patterns for the names of services in the catalogue.
_FIELD = {"wards": "WD", "lsoas": "LSOA", "districts": "LAD"}
_SERVICE = {
    "wards": r"(WD|Wards)_",
    "lsoas": r"(LSOA|Lower_?layer_Super_Output_Areas)_",
    "districts": r"(LAD|Local_Authority_Districts)_",
}
#: In order of preference: generalised, full, super-generalised; all clipped to the coast.
_DETAIL = ("BGC", "BFC", "BSC")
_PAGE = 200
#: More pages mean a fault: a district has only some hundreds of LSOAs.
_PAGES = 400


@dataclass(frozen=True)
class Layer:
    """A layer: its address, the fields for code, name and district ("" if it has none), and the rows per page."""

    url: str
    code: str
    name: str
    district: str
    page: int


class NoServiceError(SourceError):
    """The service has no such layer."""


def areas_of(
    web: Web, kind: str, district: str, *, vintage: str | None = None, service_url: str = SERVICES
) -> tuple[gpd.GeoDataFrame, str]:
    """Return the wards or lsoas of a district as an Areas table, repaired, and the address of the layer.

    The district has its name in the year of the boundaries, `vintage`, by default the newest known; case does not
    matter. `service_url` is the folder of services, or a single layer (…/FeatureServer/0), whose year is its own.

    Raises
    ------
    InputError
        If the district has none.
    SourceError
        If the service is unreachable or gives an unusable answer.
    """
    year = vintage or USUAL[kind]
    layer = layer_of(web, kind, year, service_url)
    if kind == "lsoas":
        rows = _rows(web, layer, f"UPPER({layer.name}) LIKE {_quoted(district.upper() + ' %')}")
        own = re.compile(rf"{re.escape(district)} \d{{3}}[A-Z]", re.IGNORECASE)
        rows = [row for row in rows if own.fullmatch(row[1])]
    elif layer.district:
        rows = _rows(web, layer, f"UPPER({layer.district}) = {_quoted(district.upper())}")
    else:
        rows = _inside(web, layer, _district_shape(web, district, year, service_url))
    if not rows:
        raise InputError(f"{layer.url} has no {kind} for a district called {district!r}.", RENAMED)
    shapes = {(code, name): shape for code, name, shape in rows}
    return areas_from_shapes(shapes), layer.url


def layer_of(web: Web, kind: str, year: str, service_url: str) -> Layer:
    """Return the layer for a kind and year: the known one, otherwise one from the catalogue.

    Raises
    ------
    SourceError
        If there is none, or if it has no field for code or name.
    """
    base = service_url.rstrip("/")
    if "/FeatureServer" in base:
        return _described(web, kind, base if re.search(r"/\d+$", base) else f"{base}/0")
    if known := KNOWN.get((kind, year)):
        with suppress(NoServiceError):
            return _described(web, kind, f"{base}/{known}/FeatureServer/0")
    name = _in_catalogue(web, kind, year, base)
    return _described(web, kind, f"{base}/{name}/FeatureServer/0")


def _described(web: Web, kind: str, url: str) -> Layer:
    description = _ask(web, url, {})
    names = [str(field.get("name", "")) for field in _objects(description, "fields", url)]

    def field(begins: str, ends: str) -> str:
        return next((name for name in names if re.fullmatch(rf"{begins}\d\d{ends}", name, re.IGNORECASE)), "")

    code, name = field(_FIELD[kind], "CD"), field(_FIELD[kind], "NM")
    if not code or not name:
        raise SourceError(
            f"{url} has no fields for the code and name of {kind} (its fields: {', '.join(names)[:120]}).",
            ANOTHER,
        )
    most = description.get("maxRecordCount")
    page = min(_PAGE, most) if type(most) is int and most > 0 else _PAGE
    return Layer(url, code, name, field(_FIELD["districts"], "NM"), page)


def _in_catalogue(web: Web, kind: str, year: str, base: str) -> str:
    """Return the best matching service in the catalogue: of that year, clipped, the December edition first."""
    services = _objects(_ask(web, base, {}), "services", base)
    names = [str(s.get("name", "")).rsplit("/", 1)[-1] for s in services if s.get("type") == "FeatureServer"]
    ours = [
        name
        for name in names
        if re.match(_SERVICE[kind], name, re.IGNORECASE) and re.search(rf"_{year}_", name)
    ]
    for detail in _DETAIL:
        fitting = sorted(name for name in ours if f"_{detail}" in name)
        if fitting:
            return next((name for name in fitting if "_dec" in name.lower()), fitting[0])
    raise SourceError(
        f"The Open Geography service has no boundaries of {kind} for {year}.",
        f"Give another --vintage ({', '.join(sorted(y for k, y in KNOWN if k == kind))}), or the layer with "
        "--service-url.",
    )


Row = tuple[str, str, BaseGeometry]


def _rows(web: Web, layer: Layer, where: str, **more: str) -> list[Row]:
    """Return code, name and shape of every row that matches; fail if one comes twice, or some do not come."""
    question = {"where": where, **more}
    counted = _ask(web, f"{layer.url}/query", {**question, "returnCountOnly": "true"}).get("count")
    if type(counted) is not int:
        raise SourceError(f"{layer.url} does not say how many rows match.", ANOTHER)
    FEATURES.require(counted, layer.url)
    found: dict[str, Row] = {}
    corners = 0
    for features in _pages(web, layer, question, counted):
        for feature in features:
            row = _row(feature, layer)
            corners += int(shapely.get_num_coordinates(row[2]))
            CORNERS.require(corners, layer.url)
            if row[0] in found:
                raise SourceError(f"{layer.url} gives {row[0]} twice: its pages overlap.", ANOTHER)
            found[row[0]] = row
    if len(found) != counted:
        raise SourceError(
            f"{layer.url} has {counted:,} matching rows, but gave {len(found):,}. Nothing was written.",
            "Run the command again later.",
        )
    return list(found.values())


def _pages(
    web: Web, layer: Layer, question: Mapping[str, str], counted: int
) -> Iterator[Sequence[JsonObject]]:
    offset = 0
    for _ in range(_PAGES):
        if offset >= counted:
            return
        answer = _ask(
            web,
            f"{layer.url}/query",
            {
                **question,
                "outFields": f"{layer.code},{layer.name}",
                "orderByFields": layer.code,
                "outSR": "4326",
                "geometryPrecision": "6",
                "resultOffset": str(offset),
                "resultRecordCount": str(layer.page),
            },
            form="geojson",
        )
        features = _list(answer, "features", layer.url)
        properties = answer.get("properties")
        more = answer.get("exceededTransferLimit") or (
            isinstance(properties, dict) and properties.get("exceededTransferLimit")
        )
        yield features
        offset += len(features)
        if not features or (not more and len(features) < layer.page):
            return


def _row(feature: JsonObject, layer: Layer) -> Row:
    try:
        properties, geometry = feature["properties"], feature["geometry"]
        code, name = properties[layer.code], properties[layer.name]
        shape = shapely.from_geojson(json.dumps(geometry)) if geometry else shapely.Polygon()
    except (KeyError, TypeError, shapely.errors.GEOSException):
        raise SourceError(
            f"{layer.url} gave a row without {layer.code}, {layer.name} or a usable shape.", ANOTHER
        ) from None
    corners = shapely.get_coordinates(shape)
    if not (np.abs(corners) <= (180.0, 90.0)).all():
        raise SourceError(
            f"{layer.url} gave {one_line(str(code))[:40]} corners that are not longitude and latitude.",
            ANOTHER,
        )
    return str(code), str(name or ""), shape


def _inside(web: Web, layer: Layer, district: BaseGeometry) -> list[Row]:
    """Return the rows whose middle lies in the district, for a layer without a district field."""
    rows = _rows(
        web,
        layer,
        "1=1",
        geometry=",".join(f"{value:.6f}" for value in district.bounds),
        geometryType="esriGeometryEnvelope",
        inSR="4326",
        spatialRel="esriSpatialRelIntersects",
    )
    middles = shapely.point_on_surface(np.array([shape for *_, shape in rows], dtype=object))
    return [row for row, inside in zip(rows, shapely.contains(district, middles), strict=True) if inside]


def _district_shape(web: Web, district: str, year: str, service_url: str) -> BaseGeometry:
    if "/FeatureServer" in service_url:
        raise SourceError(
            f"{service_url} does not say which district its rows belong to.",
            "Give a layer with a LAD…NM field, or the folder of services.",
        )
    layer = layer_of(web, "districts", year, service_url)
    rows = _rows(web, layer, f"UPPER({layer.name}) = {_quoted(district.upper())}")
    if not rows:
        raise InputError(f"{layer.url} has no district called {district!r}.", RENAMED)
    shapes = np.array([shape for *_, shape in rows], dtype=object)
    require_few_crossings(shapes, [code for code, *_ in rows], layer.url)
    whole = merged(list(shapes))
    if whole.is_empty:
        raise SourceError(f"{layer.url} has no boundary for {district}.", ANOTHER)
    return whole


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _objects(answer: JsonObject, name: str, url: str) -> list[JsonObject]:
    """Return the objects of a list in an answer, without anything else in it."""
    return [one for one in _list(answer, name, url) if isinstance(one, dict)]


def _list(answer: JsonObject, name: str, url: str) -> list[JsonObject]:
    """Return a list in an answer. That its entries are objects is checked where they are read."""
    value = answer.get(name)
    if not isinstance(value, list):
        raise SourceError(
            f"{url} gave JSON without a list of {name}.",
            "Check the address, or give another with --service-url.",
        )
    return value


def _ask(web: Web, url: str, question: Mapping[str, str], form: str = "json") -> JsonObject:
    """Send a request and return the JSON object of the answer; a NoServiceError if there is no such layer."""
    answer = web.ask(f"{url}?{urlencode({**question, 'f': form})}", _judge).value
    error = answer.get("error")
    if error is None:
        return dict(answer)
    detail = error if isinstance(error, dict) else {}
    several = detail.get("details") or []
    said = "; ".join(str(text) for text in [detail.get("message", "no reason"), *several] if text)[:160]
    if "invalid url" in said.lower() or "not found" in said.lower() or detail.get("code") == 404:
        raise NoServiceError(f"{url} is not there ({said}).", "Give the layer with --service-url.")
    raise SourceError(
        f"{url} refused the question: {said}.", "Check the names, or give the layer with --service-url."
    )


def _judge(reply: Reply) -> JsonObject:
    """Accept a complete JSON object. A temporary error inside it is retried."""
    value = json_judge(lambda found: found)(reply)
    if not isinstance(value, dict):
        raise UnusableError(AttemptResult.NOT_JSON, "JSON that is not an object")
    error = value.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code == 429:
        raise UnusableError(AttemptResult.SLOW_DOWN, "an error inside a 200: 429, too many requests")
    if isinstance(code, int) and code >= 500:
        raise UnusableError(AttemptResult.SERVER_ERROR, f"an error inside a 200: {code}")
    return value
