"""The plain recipe for one force: pandas, geopandas and folium, counts and a map, nothing else.

python benchmarks/plain_map.py CRIMES.zip WARDS.geojson OUT.html FIRST:LAST FIRST:LAST

It reads only the files of the months compared and only the columns it needs, drops repeats, joins, counts by ward and
crime type, and draws the change. It knows nothing of missing months, chance, households or ranks.
"""

from __future__ import annotations

import sys
import zipfile

import folium
import geopandas as gpd
import pandas as pd

SAC = ["Burglary", "Robbery", "Vehicle crime"]
COLUMNS = ["Crime ID", "Month", "Longitude", "Latitude", "Crime type"]


def main(crimes: str, boundaries: str, out: str, before: str, now: str) -> None:
    """Write OUT.html and OUT.csv."""
    spans = [tuple(span.split(":")) for span in (before, now)]
    wards = gpd.read_file(boundaries)[["WD13CD", "WD13NM", "geometry"]].sort_values("WD13CD")
    parts = []
    with zipfile.ZipFile(crimes) as archive:
        for name in archive.namelist():
            month = name.rsplit("/", 1)[-1][:7]
            if name.endswith("-street.csv") and any(first <= month <= last for first, last in spans):
                rows = pd.read_csv(archive.open(name), usecols=COLUMNS)
                parts.append(rows[rows["Crime type"].isin(SAC)])
    rows = pd.concat(parts, ignore_index=True).dropna(subset=["Longitude"])
    rows = rows[~(rows.duplicated(["Crime ID", "Month", "Crime type"]) & rows["Crime ID"].notna())]
    points = gpd.GeoDataFrame(
        rows, geometry=gpd.points_from_xy(rows["Longitude"], rows["Latitude"]), crs="EPSG:4326"
    )
    joined = gpd.sjoin(points, wards, predicate="within")
    joined = joined[~joined.index.duplicated()]
    joined["period"] = joined["Month"].between(*spans[1]).map({True: "now", False: "before"})
    counts = joined.pivot_table(
        index=["WD13CD", "Crime type"], columns="period", values="Month", aggfunc="size", fill_value=0
    )
    counts.to_csv(out.removesuffix(".html") + ".csv")
    sac = counts.groupby("WD13CD").sum().reindex(wards["WD13CD"], fill_value=0)
    wards["change"] = (100 * (sac["now"] / sac["before"].where(sac["before"] > 0) - 1)).to_numpy()
    middle = wards.total_bounds[[1, 3]].mean(), wards.total_bounds[[0, 2]].mean()
    drawn = folium.Map(location=middle, zoom_start=9)
    folium.Choropleth(
        geo_data=wards, data=wards, columns=["WD13CD", "change"], key_on="feature.properties.WD13CD"
    ).add_to(drawn)
    drawn.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
