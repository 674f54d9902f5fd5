"""Whatever the rows and the polygons: no crime is lost, none counts twice, and the ledger balances.

The answer is worked out again here row by row, with nothing of sacmap's but the rules in words.
"""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from conftest import csv_text, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.comparison import compare_areas
from sacmap.errors import InputError
from sacmap.fetch.street import read
from sacmap.study import make_study

STEP = 0.01
PERIODS = (("2017-01", "2017-02"), ("2018-01", "2018-02"))
COMPARED = {month for period in PERIODS for month in period}
LABELS = {"Burglary": "burglary", "Robbery": "robbery", "Vehicle crime": "vehicle-crime"}

CORNERS = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4), st.integers(1, 4), st.booleans())
POLYGONS = st.lists(CORNERS, min_size=1, max_size=5)
#: On corners, on edges, in holes and inside, of one polygon or of several; or with no location, or half of one.
PLACES = st.one_of(
    st.tuples(st.integers(-1, 20), st.integers(-1, 20)).map(
        lambda at: (f"{at[0] * STEP / 2:.6f}", f"{52 + at[1] * STEP / 2:.6f}")
    ),
    st.sampled_from([("", ""), ("nan", "nan"), ("0.01", ""), ("NaN", "52.01"), ("null", "null")]),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["2017-01", "2017-02", "2018-01", "2018-02", "2016-05", "2019-01"]),
        st.sampled_from([*LABELS, "Drugs", "Bicycle theft"]),
        PLACES,
        st.sampled_from(["", "", "a" * 64, "b" * 64, "c" * 64]),
    ),
    min_size=1,
    max_size=50,
)


def polygon(corner):
    x, y, width, height, holed = corner
    west, south = x * STEP, 52 + y * STEP
    east, north = west + width * STEP, south + height * STEP
    whole = shapely.box(west, south, east, north)
    if not holed:
        return whole
    quarter = STEP / 4
    return whole.difference(shapely.box(west + quarter, south + quarter, east - quarter, north - quarter))


def areas_of(corners, order):
    ids = [f"A{place}" for place in order]
    frame = gpd.GeoDataFrame(
        {
            "area_id": ids,
            "name": ids,
            "households": pd.array([pd.NA] * len(ids), dtype="Float64"),
            "mend": "",
        },
        geometry=[polygon(corner) for corner in corners],
        crs=tables.WGS84,
    )
    return frame.sort_values("area_id", ignore_index=True)


def number(text):
    return None if text.lower() in {"", "nan", "null"} else float(text)


def worked_out(rows, areas):
    """Return (ledger, counts by area, type and month) by the rules in words."""
    ledger = dict.fromkeys(
        (
            "other_crime_types",
            "other_months",
            "duplicates",
            "forces_left_out",
            "no_location",
            "outside_areas",
            "counted",
        ),
        0,
    )
    located = [
        None if None in (found := (number(lon), number(lat))) else found for _, _, (lon, lat), _ in rows
    ]
    stands = {}
    for place, (month, kind, _, crime_id) in enumerate(rows):
        key = (crime_id, month, kind)
        if crime_id and (key not in stands or (located[stands[key]] is None and located[place] is not None)):
            stands[key] = place
    counts = {}
    for place, (month, kind, _, crime_id) in enumerate(rows):
        if kind not in LABELS:
            ledger["other_crime_types"] += 1
        elif month not in COMPARED:
            ledger["other_months"] += 1
        elif crime_id and stands[crime_id, month, kind] != place:
            ledger["duplicates"] += 1
        elif located[place] is None:
            ledger["no_location"] += 1
        else:
            point = shapely.Point(located[place])
            owners = [
                area
                for area, shape in zip(areas["area_id"], areas.geometry, strict=True)
                if shape.covers(point)
            ]
            if owners:
                ledger["counted"] += 1
                key = (min(owners), LABELS[kind], month)
                counts[key] = counts.get(key, 0) + 1
            else:
                ledger["outside_areas"] += 1
    return ledger, counts


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, POLYGONS, st.data())
def test_every_row_is_counted_once_or_accounted_for(tmp_path, rows, corners, data):
    areas = areas_of(corners, data.draw(st.permutations(range(len(corners)))))
    # One month complete in every period, whatever the rows: other crime of the force all along, outside.
    filler = [(month, "Drugs", ("0.5", "52.5"), "") for month in sorted(COMPARED) for _ in range(60)]
    every = rows + filler
    path = tmp_path / "a.csv"
    path.write_text(
        csv_text(*[row(month, kind, lon, lat, crime_id=i) for month, kind, (lon, lat), i in every])
    )
    study = make_study({"current": "2018-01:2018-02", "baseline": "2017-01:2017-02", "crimes": (str(path),)})
    ledger, counts = worked_out(every, areas)
    try:
        result = compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)
    except InputError:
        assert not counts
        return
    assert result.ledger.record() == {"rows_read": len(every), **ledger}
    assert result.compared == (0, 1)
    there = {"-".join(kind.lower().split()) for _, kind, _, _ in rows}
    absent = set(tables.SAC_TYPES) - there
    absent |= {"sac"} if absent else set()
    for found in result.change.itertuples():
        kinds = tables.SAC_TYPES if found.crime_type == "sac" else (found.crime_type,)
        for period, n in zip(PERIODS, (found.baseline_count, found.current_count), strict=True):
            # A type of which no row was read is missing, not zero, and so is the sum that holds it.
            if found.crime_type in absent:
                assert pd.isna(n)
                continue
            assert n == sum(counts.get((found.area_id, kind, month), 0) for kind in kinds for month in period)
    monthly = result.monthly.dropna().set_index(["area_id", "crime_type", "month"])["n"]
    seen = {key: n for key, n in monthly.items() if n and key[1] != "sac" and key[2] in COMPARED}
    assert seen == counts
