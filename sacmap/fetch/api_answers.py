"""The API's answers as tables. Each check raises KeyError, TypeError or ValueError that names the wrong field."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from sacmap import months
from sacmap.fetch.boxes import Box

Ring = list[tuple[float, float]]

ROWS = ("id", "month", "crime_type", "lon", "lat", "crime_id", "location", "btp")
#: The types of the columns that are not text.
_TYPES = {"id": np.int64, "lon": float, "lat": float, "btp": bool}
#: Crime types whose name differs between the API and the files.
_SLUGS = {
    "criminal-damage-arson": "criminal-damage-and-arson",
    "violent-crime": "violence-and-sexual-offences",
    "public-disorder-weapons": "public-disorder-and-weapons",
}
#: The types that a number may have in an answer.
_NUMBERS = (str, int, float)
#: How far outside the requested box a crime may lie, in millionths of a degree.
_NEAR = 20_000
#: The largest coordinate accepted, in degrees or metres.
_FARTHEST = 1e8


def date_of(value: object) -> str:
    """Return the month of an answer to crime-last-updated."""
    return _month(str(_field(value, "date"))[:7], "date")


def months_of(value: object) -> list[str]:
    """Return the months of an answer to crimes-street-dates, sorted."""
    return sorted(_month(str(_field(row, "date")), "date") for row in _list(value, "months"))


def names_of(value: object) -> dict[str, str]:
    """Return the names by identifier, of forces or of neighbourhoods."""
    return {str(_field(row, "id")): str(_field(row, "name") or "") for row in _list(value, "id and name")}


def ring_of(value: object) -> Ring:
    """Return a neighbourhood's boundary as (lon, lat) in degrees."""
    points = []
    for n, row in enumerate(_list(value, "latitude and longitude")):
        lon = _number(_field(row, "longitude"), n, "longitude")
        lat = _number(_field(row, "latitude"), n, "latitude")
        if math.isnan(lon) or math.isnan(lat):
            raise ValueError(f"latitude or longitude of point {n + 1} is missing")
        if abs(lon) > 180 or abs(lat) > 90:
            raise ValueError(f"point {n + 1} is at {lon:g}, {lat:g}, which are not degrees")
        points.append((lon, lat))
    return points


def crimes_check(month: str, category: str) -> Callable[[object], pd.DataFrame]:
    """Return a check that makes a table of an answer's crimes, with the columns `ROWS`.

    Crimes of other categories are left out: the API has answered an unknown category with every crime.
    """

    def check(value: object) -> pd.DataFrame:
        rows = [_crime(row, n, month) for n, row in enumerate(_list(value, "crimes"))]
        kept = [row for row in rows if category in {"all-crime", row[2]}]
        columns: list[Sequence[object]] = list(zip(*kept, strict=True)) or [()] * len(ROWS)
        named = dict(zip(ROWS, columns, strict=True))
        named["crime_type"] = [_SLUGS.get(str(slug), slug) for slug in named["crime_type"]]
        # Made column by column, which takes a quarter of the time that a table of rows takes with its types set.
        return pd.DataFrame({name: _column(values, _TYPES.get(name)) for name, values in named.items()})

    return check


def _column(values: Sequence[object], kind: type | None) -> np.ndarray | ExtensionArray:
    return pd.Series([*map(str, values)], dtype="str").array if kind is None else np.array(values, kind)


def _crime(value: object, n: int, month: str) -> tuple[int, str, str, float, float, str, str, bool]:
    row = _object(value, "month")
    if row["month"] != month:
        found = _month(str(row["month"]), f"month of crime {n + 1}")
        raise ValueError(f"month of crime {n + 1} is {found}, but {month} was requested")
    category, number = _field(row, "category"), _field(row, "id")
    if (
        not (isinstance(category, str) and isinstance(number, int))
        or isinstance(number, bool)
        or abs(number) >> 63
    ):
        raise TypeError(f"category or id of crime {n + 1}")
    lon = lat = math.nan
    street = ""
    if _field(row, "location") is not None:
        place = _object(row["location"], "longitude")
        lon = _number(place["longitude"], n, "longitude")
        lat = _number(_field(place, "latitude"), n, "latitude")
        named = place.get("street")
        street = str(named.get("name") or "") if isinstance(named, dict) else ""
    if math.isnan(lon) or math.isnan(lat):
        lon = lat = math.nan
    crime_id = str(row.get("persistent_id") or "")
    return number, month, category, lon, lat, crime_id, street, row.get("location_type") == "BTP"


def require_inside(rows: pd.DataFrame, box: Box) -> None:
    """Raise ValueError if a crime is outside the requested box. Otherwise swapped coordinates would go unnoticed."""
    wide = Box(box.west - _NEAR, box.south - _NEAR, box.east + _NEAR, box.north + _NEAR)
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    away = np.flatnonzero(~wide.holds(lon, lat) & ~np.isnan(lon))
    if len(away):
        n = int(away[0])
        swapped = wide.holds(lat[n], lon[n])
        looks = "latitude and longitude look swapped" if swapped else "outside the requested box"
        raise ValueError(f"location of crime {rows['id'].iloc[n]} is {lat[n]}, {lon[n]}: {looks}")


def _list(value: object, of: str) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"a list of {of} was expected, not {type(value).__name__}")
    return value


def _object(value: object, name: str) -> dict[str, object]:
    """Return a JSON object that has the field `name`."""
    if not isinstance(value, dict) or name not in value:
        raise KeyError(f"the field {name!r} is missing")
    return value


def _field(row: object, name: str) -> object:
    return _object(row, name)[name]


def _month(text: str, field: str) -> str:
    if not months.is_month(text):
        raise ValueError(f"{field} is {text[:20]!r}, not a month")
    return text


def _number(value: object, n: int, field: str) -> float:
    """Return degrees from text or a number; NaN for null, empty, NaN and infinite."""
    if value is None or value == "":
        return math.nan
    try:
        if not isinstance(value, _NUMBERS):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{field} of row {n + 1} is {str(value)[:20]!r}, not a number") from None
    if math.isfinite(number) and abs(number) > _FARTHEST:
        raise ValueError(f"{field} of row {n + 1} is {number:g}, not a coordinate")
    return number if math.isfinite(number) else math.nan
