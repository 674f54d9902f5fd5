"""Made-up crimes over two areas, as people's programs save them; and the command run on them."""

import csv
import io
import json
from pathlib import Path

from conftest import HEADER, feature, write_geojson
from pyproj import Transformer

from sacmap.cli import sacmap
from sacmap.errors import SacmapError

AREAS = {"Westfield": (-1.48, 53.40), "Eastfield": (-1.44, 53.40)}
KINDS = ("Burglary", "Burglary", "Robbery", "Vehicle crime", "Vehicle crime")
CODES = {"Burglary": "28E", "Robbery": "34B", "Vehicle crime": "45"}
PERIODS = ("2018-01", "2019-01")
TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
COLUMNS = HEADER.split(",")
#: Of 20 crimes in an area in a month.
WHOLE = {"sac": 20, "burglary": 8, "robbery": 4, "vehicle-crime": 8}


def crimes(per_area=20, ids=True):
    """Rows of a street file as dicts: 20 in each area in each of two Januaries."""
    rows = []
    for month in PERIODS:
        for lon, lat in AREAS.values():
            for n in range(per_area):
                row = dict.fromkeys(COLUMNS, "")
                row |= {
                    "Crime ID": f"{len(rows):064x}" if ids else "",
                    "Month": month,
                    "Reported by": "South Yorkshire Police",
                    "Falls within": "South Yorkshire Police",
                    "Longitude": f"{lon + n * 1e-5:.6f}",
                    "Latitude": f"{lat + n * 1e-4:.6f}",
                    "Location": "On or near High Street",
                    "Crime type": KINDS[n % len(KINDS)],
                }
                rows.append(row)
    return rows


def table(rows, header=None, separator=",", end="\r\n"):
    """Rows as text: a header and a line a row."""
    out = io.StringIO(newline="")
    names = header or list(rows[0])
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow(names)
    writer.writerows([list(row.values()) if isinstance(row, dict) else row for row in rows])
    return out.getvalue()


def extract(rows=None, *, day="%d/%m/%Y"):
    """The same crimes as a force's extract, as dicts."""
    found = []
    for n, row in enumerate(rows or crimes()):
        x, y = TO_METRES.transform(float(row["Longitude"]), float(row["Latitude"]))
        year, month = row["Month"].split("-")
        written = day.replace("%d", f"{1 + n % 20:02d}").replace("%m", month).replace("%Y", year)
        code = CODES[row["Crime type"]]
        found.append(
            {"Crime Ref": f"14-{n:06d}", "Date": written, "HO Code": code, "X": round(x), "Y": round(y)}
        )
    return found


def write_areas():
    """Write the two areas as GeoJSON into the current folder."""
    features = []
    for n, (name, (lon, lat)) in enumerate(AREAS.items()):
        west, east, south, north = lon - 0.02, lon + 0.02, lat - 0.02, lat + 0.02
        ring = [[east, south], [east, north], [west, north], [west, south], [east, south]]
        features.append(feature(ring, WD_CD=f"E0500000{n + 1}", WD_NM=name))
    write_geojson(Path("areas.geojson"), *features)


STUDY = """title = "Case"
crimes = {crimes}
boundaries = "areas.geojson"
current = "2019-01"
baseline = "2018-01"
out = "out/x.html"

[extract]
{form}
[extract.columns]
month = "Date"
offence = "HO Code"
easting = "X"
northing = "Y"
{id}
{more}
"""


def write_study(*, crimes="'extract.csv'", form='date_format = "%d/%m/%Y"', ids=True, more=""):
    """Write a study of an extract into the current folder."""
    text = STUDY.format(crimes=crimes, form=form, id='id = "Crime Ref"' if ids else "", more=more)
    Path("study.toml").write_text(text, encoding="utf-8")


class Made:
    """What the command made: its exit code, its error, the counts and the record."""

    def __init__(self, out, words):
        self.code, self.error = 0, ""
        try:
            self.code = sacmap.main([str(word) for word in words], standalone_mode=False)
        except SacmapError as error:
            self.code, self.error = error.exit_code, str(error)
        self.rows, self.record = [], {}
        page = Path(out)
        if not self.error and page.with_suffix(".csv").exists():
            text = page.with_suffix(".csv").read_text(encoding="utf-8")
            self.rows = list(csv.DictReader(io.StringIO(text)))
            self.record = json.loads(page.with_suffix(".json").read_bytes())

    @property
    def told(self):
        """The warnings by code, of a run that was not refused."""
        assert not self.error, self.error
        return {one["code"]: one["text"] for one in self.record.get("warnings", [])}

    def counts(self, area="E05000001", column="current_count"):
        """The counts of an area by crime type."""
        found = {row["crime_type"]: row[column] for row in self.rows if row["area_id"] == area}
        return {kind: int(n) for kind, n in found.items() if n != ""}


def map_of(*paths, **more):
    """Run `sacmap map` on files in the current folder."""
    words = ["map", "--boundaries", "areas.geojson", "--current", "2019-01", "--baseline", "2018-01"]
    words += ["--out", "maps/x.html", "--store", "store", *(w for path in paths for w in ("--crimes", path))]
    words += [w for name, value in more.items() for w in (f"--{name}", value)]
    return Made("maps/x.html", words)


def map_study():
    """Run `sacmap map study.toml`."""
    return Made("out/x.html", ["map", "study.toml"])
