"""What is fuzzed and what must hold of it: used by test_fuzz.py and benchmarks/fuzz.py.

A target is a file that people are sent or an answer of a server, with real examples, and what reads it. Inputs are the
examples edited: see fuzz_inputs.py. Whatever the input, reading ends in whole files or in one of sacmap's errors.
"""

import contextlib
import csv
import functools
import gzip
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import click
import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from builders import write_xlsx
from conftest import csv_text, row, square
from open_geography import Geography, Service
from police_uk import archive_zip

from sacmap import pipeline, tables
from sacmap.areas.boundaries import read_boundaries
from sacmap.areas.households import read_households
from sacmap.areas.neighbourhoods import neighbourhoods
from sacmap.areas.open_geography import areas_of
from sacmap.cli import sacmap
from sacmap.errors import SacmapError, SourceError
from sacmap.fetch import street
from sacmap.fetch.api import Api
from sacmap.fetch.archive import Archive
from sacmap.fetch.boxes import Box
from sacmap.fetch.request import Reply, UnusableError
from sacmap.fetch.store import Store
from sacmap.fetch.web import Answer
from sacmap.result import Result
from sacmap.study import Study

MONTHS = ("2016-06", "2016-07", "2017-06", "2017-07", "2018-06", "2018-07")
#: GDAL has two, and wheels of pyogrio before 0.11 only the first.
KML_DRIVERS = [name for name in ("KML", "LIBKML") if name in pyogrio.list_drivers()]
STUDY = {"current": "2018-06:2018-07", "baseline": "2017-06:2017-07"}
KINDS = ("Burglary", "Robbery", "Vehicle crime", "Drugs")


@dataclass(frozen=True)
class Target:
    """One kind of input: the name of its file, real examples of it, and what reads it.

    reads is given the folder, with every other file whole, and the input, which is in the folder under that name too.
    form is what the examples can be taken apart as, one of fuzz_inputs.FORMS. outputs are the files it writes, in the
    folder's out/: none of them, or all and whole.
    """

    name: str
    examples: Callable[[Path], Sequence[bytes]]
    reads: Callable[[Path, bytes], None]
    form: str = ""
    outputs: tuple[str, ...] = ()


# ── the examples ──────────────────────────────────────────────────────────────────────────────────────────────────


def crimes_csv() -> bytes:
    """A street file with every quirk of the real ones, over the four areas."""
    rows = []
    for n in range(144):
        x, y = (n % 4) * 0.01 + 0.005, 52.005
        lon, lat = ("", "") if n % 19 == 0 else (f"{x:.6f}", f"{y:.6f}")
        identity = "" if n % 5 == 0 else f"{n // 2 if n % 7 == 0 else n:064x}"
        rows.append(row(MONTHS[n // 4 % 6], KINDS[n // 24 % 4], lon, lat, crime_id=identity))
    return csv_text(*rows).encode()


def areas_table() -> gpd.GeoDataFrame:
    """The four areas: two squares, one with a hole, one of two parts."""
    shapes = [
        shapely.Polygon(square(0)),
        shapely.box(0.01, 52, 0.02, 52.01) - shapely.box(0.016, 52.006, 0.018, 52.008),
        shapely.MultiPolygon([shapely.Polygon(square(2)), shapely.Polygon(square(9))]),
        shapely.Polygon(square(3)),
    ]
    return gpd.GeoDataFrame(
        {"id": ["001", "1E2", "NA", "x/y"], "name": ["Ash", "Birch", "Cedar", "Elm"], "households": [400, 500, 0, 700]},
        geometry=shapes,
        crs="EPSG:4326",
    )  # fmt: skip


def areas_geojson(crs: str = "EPSG:4326") -> bytes:
    """The areas as GeoJSON, its coordinate system declared."""
    return areas_table().to_crs(crs).to_json(show_bbox=True).encode()


def context_geojson() -> bytes:
    """Roads, water and places over the areas."""
    west, south, east, north = areas_table().total_bounds
    shapes = [
        ({"highway": "primary", "name": "A1"}, shapely.LineString([(west, south), (east, north)])),
        ({"natural": "water"}, shapely.box(west, south, (west + east) / 2, north)),
        ({"place": "town", "name": "Ashtown"}, shapely.Point((west + east) / 2, (south + north) / 2)),
    ]
    features = [
        {"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(g)} for p, g in shapes
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def areas_as(folder: Path, kind: str, driver: str) -> bytes:
    """The areas as another format."""
    path = folder / f"example.{kind}"
    areas_table().rename(columns={"name": "Name"}).to_file(path, driver=driver)
    content = path.read_bytes()
    path.unlink()
    return content


def areas_parquet() -> bytes:
    """The areas as GeoParquet."""
    out = io.BytesIO()
    areas_table().to_parquet(out)
    return out.getvalue()


def areas_zipped(folder: Path, kind: str, driver: str, inside: str = "") -> bytes:
    """The areas as a format of several files, in a ZIP."""
    made = folder / "made"
    made.mkdir()
    path = made / f"areas.{kind}"
    gdb = {"geometry_type": "MultiPolygon", "TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}
    more = gdb if kind == "gdb" else {}
    areas_table().to_file(path, driver=driver, **more)
    paths = sorted(path.iterdir() if path.is_dir() else made.iterdir())
    content = archive_zip({f"{inside}{one.name}": one.read_bytes() for one in paths})
    shutil.rmtree(made)
    return content


def areas_topojson() -> bytes:
    """The areas as TopoJSON, each ring an arc of its own, and two areas that share one."""
    table = areas_table()
    arcs: list[list[tuple[float, float]]] = []
    parts = []
    for area in table.itertuples():
        polygons = []
        for polygon in shapely.get_parts(area.geometry):
            rings = [polygon.exterior, *polygon.interiors]
            polygons.append([[len(arcs) + k] for k in range(len(rings))])
            arcs += [list(ring.coords) for ring in rings]
        properties = {"id": area.id, "name": area.name, "households": area.households}
        parts.append({"type": "MultiPolygon", "arcs": polygons, "properties": properties})
    parts.append({"type": "Polygon", "arcs": [[~0]], "properties": {"id": "again", "name": "Ash again"}})
    objects = {"wards": {"type": "GeometryCollection", "geometries": parts}}
    return json.dumps({"type": "Topology", "arcs": arcs, "objects": objects}).encode()


def areas_esrijson() -> bytes:
    """The areas as a map service answers them."""
    features = []
    for area in areas_table().itertuples():
        polygons = shapely.get_parts(shapely.orient_polygons(area.geometry, exterior_cw=True))
        rings = [list(ring.coords) for one in polygons for ring in (one.exterior, *one.interiors)]
        features.append({"attributes": {"id": area.id, "name": area.name}, "geometry": {"rings": rings}})
    return json.dumps(
        {"geometryType": "esriGeometryPolygon", "spatialReference": {"wkid": 4326}, "features": features}
    ).encode()


def areas_lines() -> bytes:
    """The areas as GeoJSON lines."""
    features = json.loads(areas_geojson())["features"]
    return b"\n".join(json.dumps(feature).encode() for feature in features)


def areas_wkt() -> bytes:
    """The areas as CSV with WKT, one of them as PostGIS writes it."""
    table = areas_table()
    shapes = [*table.geometry.to_wkt()[:3], f"SRID=4326;{table.geometry.iloc[3].wkt}"]
    rows = [f'{one.id},{one.name},"{shape}"' for one, shape in zip(table.itertuples(), shapes, strict=True)]
    return "\r\n".join(["area_id,name,geometry", *rows, ""]).encode()


def areas_kmz(folder: Path) -> bytes:
    """The areas as KMZ, in two files."""
    more = b'<kml xmlns="http://www.opengis.net/kml/2.2"/>'
    return archive_zip({"doc.kml": areas_as(folder, "kml", KML_DRIVERS[0]), "more/more.kml": more})


def nomis_csv() -> bytes:
    """Households as Nomis gives them: titles above, notes below."""
    rows = [f'"E0100000{n} : Somewhere 00{n}A","E0100000{n}",{n}00,{n}0' for n in range(1, 8)]
    above = ['"QS116EW - Household type"', '"[from Nomis]"', "", '"date","2011"', ""]
    header = '"2011 super output area","mnemonic","All categories: Household type","One person household"'
    return "\n".join([*above, header, *rows, "", '"In order to protect against disclosure"', ""]).encode()


def nomis_xlsx() -> bytes:
    """The same as a workbook."""
    return workbook_of(csv.reader(nomis_csv().decode().splitlines()))


def workbook_of(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as a workbook; texts of digits become numbers."""
    out = io.BytesIO()
    cells = [[int(one) if isinstance(one, str) and one.isdigit() else one for one in line] for line in rows]
    write_xlsx(out, {"Sheet": cells})
    return out.getvalue()


def zip_of(content: bytes, compression: int) -> bytes:
    """A download as police.uk gives it: a folder a month, with files that are not crimes beside them."""
    header, *lines = content.decode().splitlines(keepends=True)
    members = {}
    for month in MONTHS:
        rows = [line for line in lines if f",{month}," in line]
        members[f"{month}/{month}-northamptonshire-street.csv"] = header + "".join(rows)
        members[f"{month}/{month}-northamptonshire-outcomes.csv"] = "x"
    return archive_zip(members, compression)


STUDIES = (
    b"""
current = "2018-06:2018-07"
baseline = ["2017-06:2017-07"]
crimes = ["crimes.csv"]
boundaries = "areas.geojson"
title = "Here"
comparator = "force"
offline = true
also = []
out = "out/map.html"
""",
    b"""
current = "2018-07"
baseline = "2017-07"
crimes = "crimes.csv"
boundaries = "areas.geojson"
id-column = "id"
name_column = "name"
households-column = "households"
force = "northamptonshire"
yes = true
out = "out/map.html"
""",
    b"""
current = "2018-06:2018-07"
baseline = "2017-06:2017-07"
crimes = "extract.csv"
boundaries = "areas.geojson"
suppress-small = true
out = "out/map.html"
[extract]
date_format = "%d/%m/%Y"
coordinates = "degrees"
force = "Northamptonshire Police"
[extract.columns]
month = "Date"
offence = "Code"
longitude = "X"
latitude = "Y"
id = "Ref"
[extract.offences]
residential-burglary = ["28E", "28F"]
robbery = ["34A", "34B"]
theft-from-vehicle = ["45"]
theft-of-vehicle = ["48", "37.2"]
""",
)


def extract_csv() -> bytes:
    """A force's own extract over the four areas, as the study that names it describes it."""
    codes = ("28E", "34B", "45", "9A")
    lines = [
        f"{1 + n:02d}/{month[5:]}/{month[:4]},{codes[n % 4]},{0.005 + 0.01 * (n % 4):.3f},52.005,R{n}"
        for month in MONTHS
        for n in range(24)
    ]
    return "\r\n".join(["Date,Code,X,Y,Ref", *lines, ""]).encode()


def saved_again() -> list[bytes]:
    """The street file as R, Excel and clients of the API save it."""
    lines = [line.split(",") for line in crimes_csv().decode().splitlines()]
    header, rows = lines[0], lines[1:]
    by_r = [["", *(name.replace(" ", ".") for name in header)]]
    by_r += [[str(n), *(cell or "NA" for cell in row)] for n, row in enumerate(rows)]
    metres = [["Month", "Easting", "Northing", "Crime type"]]
    metres += [[row[1], str(531_000 + 700 * (n % 4)), "235,000", row[9]] for n, row in enumerate(rows)]
    return [
        "\n".join(",".join(f'"{cell}"' for cell in row) for row in by_r).encode(),
        "\r\n".join(";".join(row) for row in lines).encode(),
        "\t".join(header).encode("utf-16")
        + "".join("\n" + "\t".join(row) for row in rows).encode("utf-16-le"),
        gzip.compress(crimes_csv(), mtime=0),
    ]


def answers_json() -> list[bytes]:
    """Answers of the API saved, as they are and by columns."""
    place = {"latitude": "52.005", "longitude": "0.005", "street": {"name": "On or near High Street"}}
    rows = [
        {
            "category": ANSWERED[n % 3],
            "month": MONTHS[n % 6],
            "id": n,
            "location": place,
            "location_type": ("Force", "Force", "BTP")[n // 4],
        }
        for n in range(12)
    ]
    return [json.dumps(rows).encode(), pd.json_normalize(rows).to_json().encode()]


def extract_xlsx() -> bytes:
    """The extract as a workbook, its dates as day numbers."""
    header, *lines = (line.split(",") for line in extract_csv().decode().split())
    rows: list[list[object]] = [list(header)]
    for when, code, x, y, ref in lines:
        day = (datetime.strptime(when, "%d/%m/%Y").date() - date(1899, 12, 30)).days  # noqa: DTZ007
        rows.append([day, code, float(x), float(y), ref])
    return workbook_of(rows)


def comparator_csv() -> bytes:
    """Counts of a comparator over the months of the study."""
    kinds = ("burglary", "robbery", "vehicle-crime")
    lines = [f"{month},{kind},{n + 40}" for n, month in enumerate(MONTHS) for kind in kinds]
    return "\r\n".join(["month,crime_type,n", *lines, ""]).encode()


def prices_toml() -> bytes:
    """The price list that comes with sacmap."""
    return (files("sacmap.choose") / "prices.toml").read_bytes()


def plan_json(folder: Path) -> bytes:
    """A plan over the four areas, of a year before the crimes end."""
    run_command(folder, plan_words(folder, current="2017-06:2017-07", baseline="2016-06:2016-07"))
    content = (folder / "out" / "plan.json").read_bytes()
    shutil.rmtree(folder / "out")
    return content


def home_office_csv() -> bytes:
    """Recorded crime of one force by quarter, in the columns of the open data."""
    kinds = (
        ("Burglary", "Residential burglary"),
        ("Robbery", "Robbery of personal property"),
        ("Vehicle offences", "x"),
    )
    lines = [
        f"{year},{quarter},Northamptonshire,{kind},{sub},{code},{n + 100}"
        for year in ("2016/17", "2017/18", "2018/19")
        for quarter in (1, 2, 3, 4)
        for n, ((kind, sub), code) in enumerate(zip(kinds, ("28E", "34B", "45"), strict=True))
    ]
    header = (
        "Financial Year,Financial Quarter,Force Name,Offence Group,Offence Description,Offence Code,"
        "Number of Offences"
    )
    return "\n".join([header, *lines, ""]).encode()


def home_office_xlsx() -> bytes:
    """The same as a workbook."""
    return workbook_of(line.split(",") for line in home_office_csv().decode().splitlines())


STREET = {
    "category": "burglary", "location_type": "Force", "location_subtype": "", "context": "", "outcome_status": None,
    "persistent_id": "a" * 64, "id": 1, "month": "2018-07",
    "location": {"latitude": "52.005", "longitude": "0.005", "street": {"id": 883, "name": "On or near High Street"}},
}  # fmt: skip
ANSWERED = ("burglary", "robbery", "vehicle-crime")
#: What each address answers, by the end of its path.
ANSWERS: dict[str, object] = {
    "crime-last-updated": {"date": "2018-09-01"},
    "crimes-street-dates": [{"date": month, "stop-and-search": ["x"]} for month in MONTHS],
    "forces": [{"id": "northamptonshire", "name": "Northamptonshire Police"}],
    "neighbourhoods": [{"id": "55.CR3001", "name": "Ash"}, {"id": "..", "name": "Elm"}],
    "boundary": [{"latitude": str(y), "longitude": str(x)} for x, y in square(0)],
    "burglary": [STREET, {**STREET, "id": 2, "persistent_id": "", "location_type": "BTP"}],
    "crimes-no-location": [{**STREET, "id": 3, "location": None}],
}


# ── what reads them ───────────────────────────────────────────────────────────────────────────────────────────────


def judged(reply: Reply, judge: Callable[[Reply], object]) -> Answer:
    """Answer as the web does: what the judge refuses is an error of ours."""
    try:
        return Answer(reply.body, judge(reply))
    except UnusableError as error:
        raise SourceError(error.detail, "Ask again.") from None


class Line:
    """In place of the web: a line on which every address answers what it should, but for one."""

    def __init__(self, odd: str, content: bytes) -> None:
        self.odd, self.content = odd, content
        self.elapsed = 0.0

    def now(self) -> float:
        """The time of day, in seconds."""
        return 0.0

    def ask(self, url: str, judge: Callable[[Reply], object], **_: object) -> Answer:
        """Answer each address."""
        end = url.partition("?")[0].rsplit("/", 1)[-1]
        body = self.content if end == self.odd else json.dumps(ANSWERS[end]).encode()
        return judged(Reply({}, body), judge)

    ask_or_split = ask


def api_answer(odd: str) -> Callable[[Path, bytes], None]:
    """Ask all there is to ask, one kind of answer being the input; then again, from the store alone."""

    def reads(folder: Path, content: bytes) -> None:
        shutil.rmtree(folder / "store", ignore_errors=True)
        store = Store(folder / "store")
        for line in (Line(odd, content), None):
            api = Api(line, store, "https://example.org/api")
            api.window()
            api.force_name("northamptonshire")
            neighbourhoods(api, "northamptonshire")
            found = api.crimes("2018-07", "burglary", Box(0, 52_000_000, 50_000, 52_050_000))
            found = pd.concat([found, api.no_location("2018-07", "burglary", "northamptonshire")])
            assert found["id"].is_unique or odd in {"burglary", "crimes-no-location"}

    return reads


def kept_answer(folder: Path, content: bytes) -> None:
    """Read an answer from the store: it is the one that was put there, or none."""
    store = Store(folder / "store")
    question = {"kind": "crimes-street", "of": "burglary 2018-07", "box": "0,52000000,50000,52050000"}
    path = store.path(question, "2018-09")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    kept = store.get(question, "2018-09")
    assert kept is None or kept.body == b"[]"
    store.questions(question, "2018-09")


def answer_of_store(folder: Path) -> bytes:
    """An answer as the store keeps it."""
    store = Store(folder / "examples")
    question = {"kind": "crimes-street", "of": "burglary 2018-07", "box": "0,52000000,50000,52050000"}
    return store.put(question, "2018-09", b"[]").path.read_bytes()


class ArchiveLine:
    """In place of the web: an archive on a server, of which parts are asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def ask(
        self, url: str, judge: Callable[[Reply], object], *, headers: dict[str, str], **_: object
    ) -> Answer:
        """Answer with the part asked for, as a server does."""
        first, _, last = headers["Range"].removeprefix("bytes=").partition("-")
        size = len(self.content)
        start = int(first) if first else max(size - int(last), 0)
        body = self.content[start : int(last) + 1 if first else size]
        span = f"bytes {start}-{start + len(body) - 1}/{size}"
        return judged(Reply({"Content-Range": span}, body), judge)


def archive_read(folder: Path, content: bytes) -> None:
    """Read an archive of a server by its directory, then again from the store alone."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    store = Store(folder / "store")
    archive = Archive(ArchiveLine(content), store, "https://example.org/archive", agree=lambda _: False)
    archive.fetch("northamptonshire", ["2018-07"], latest="2018-07")
    kept = archive.members("northamptonshire", "2018-07")
    assert kept is not None
    if kept:
        street.read([str(one.path) for one in kept])


#: The answers of Open Geography: what is asked for, and the words of the address that ask for it.
ASKED = {
    "services": ("/services?", ""),
    "layer": ("WD_DEC_2099_UK_BSC/FeatureServer/0?", ""),
    "count": ("WD_DEC_2099_UK_BSC/FeatureServer/0/query?", "returnCountOnly"),
    "wards": ("WD_DEC_2099_UK_BSC/FeatureServer/0/query?", "outFields"),
    "district": ("LAD_DEC_2099_UK_BSC/FeatureServer/0/query?", "outFields"),
}


@functools.cache
def geography_rows() -> tuple[tuple[dict[str, str], shapely.Geometry], ...]:
    """The four areas as a service has them."""
    return tuple(({"WD99CD": one.id, "WD99NM": one.name}, one.geometry) for one in areas_table().itertuples())


def geography(most: int) -> Geography:
    """A service with the four areas as wards, `most` a page, and the district around them, which they do not name."""
    around = [({"LAD99CD": "D", "LAD99NM": "Dale"}, shapely.box(-1, 51, 1, 53))]
    return Geography(
        {
            "WD_DEC_2099_UK_BSC": Service(["WD99CD", "WD99NM"], geography_rows(), most=most),
            "LAD_DEC_2099_UK_BSC": Service(["LAD99CD", "LAD99NM"], around),
        }
    )


class GeographyLine:
    """In place of the web: an Open Geography service, of which one kind of answer is the input."""

    def __init__(self, odd: str, content: bytes | None) -> None:
        self.odd, self.content = ASKED[odd], content
        # One answer in place of all pages would be the same page again and again.
        self.service = geography(200 if odd == "wards" else 3)
        self.seen = b""

    def ask(self, url: str, judge: Callable[[Reply], object], **_: object) -> Answer:
        """Answer as the service does, but for the one kind."""
        body = json.dumps(self.service.answer(url)).encode()
        if all(word in url for word in self.odd):
            self.seen = self.seen or body
            body = body if self.content is None else self.content
        return judged(Reply({}, body), judge)


def of_geography(odd: str) -> Target:
    """One kind of answer of Open Geography, in the asking for the wards of a district."""

    def asked(content: bytes | None) -> bytes:
        line = GeographyLine(odd, content)
        found = areas_of(line, "wards", "Dale", vintage="2099", service_url="http://127.0.0.1/services")[0]
        assert found["area_id"].is_unique
        assert found.geometry.is_valid.all()
        return line.seen

    return Target(
        f"geography-{odd}", lambda _: [asked(None)], lambda _, content: asked(content) and None, "json"
    )


def boundaries_read(name: str) -> Callable[[Path, bytes], None]:
    """Return what reads a boundary file of that name, without the rest of the command."""

    def reads(folder: Path, _: bytes) -> None:
        found = read_boundaries(folder / name).areas
        assert found["area_id"].is_unique
        assert found.geometry.is_valid.all()

    return reads


def households_read(name: str) -> Callable[[Path, bytes], None]:
    """Return what reads a file of households of that name."""

    def reads(folder: Path, _: bytes) -> None:
        assert all(map(tables.is_of_homes, read_households(str(folder / name)).by_id.values()))

    return reads


def run_command(folder: Path, words: list[str]) -> None:
    """Run the command; its exit code is that of something written.

    Raises
    ------
    SacmapError
        As the command does.
    """
    shutil.rmtree(folder / "out", ignore_errors=True)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = sacmap.main(words, standalone_mode=False)
    assert code in {0, 3}, code


def command_of(words: Callable[[Path], list[str]]) -> Callable[[Path, bytes], None]:
    """Return what reads an input by running the command of these words."""
    return lambda folder, _: run_command(folder, words(folder))


def study_words(folder: Path, **changed: str) -> list[str]:
    """The study as options over the folder's files, some of them changed."""
    given = {**STUDY, "crimes": folder / "crimes.csv", "boundaries": folder / "areas.geojson"}
    given |= {key: folder / name if (folder / name).exists() else name for key, name in changed.items()}
    return [word for key, value in given.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def map_words(folder: Path, **changed: str) -> list[str]:
    """The words of `sacmap map`."""
    return ["map", *study_words(folder, **changed), "--out", str(folder / "out" / "map.html")]


def study_file_words(folder: Path) -> list[str]:
    """The words of `sacmap map` with a study file, which cannot make it ask the web."""
    return ["map", str(folder / "study.toml"), "--offline", "--store", str(folder / "store")]


def plan_words(folder: Path, **changed: str) -> list[str]:
    """The words of `sacmap plan`."""
    return [
        "plan",
        *study_words(folder, **changed),
        "--areas",
        "1",
        "--out",
        str(folder / "out" / "plan.json"),
    ]


def evaluate_words(folder: Path, **changed: str) -> list[str]:
    """The words of `sacmap evaluate`."""
    plan, crimes = str(folder / "plan.json"), str(folder / "crimes.csv")
    more = [word for key, name in changed.items() for word in (f"--{key}", str(folder / name))]
    return ["evaluate", plan, "--crimes", crimes, "--after", "2018-06:2018-07", "--boundaries",
            str(folder / "areas.geojson"), *more, "--out", str(folder / "out" / "result.json")]  # fmt: skip


def reconcile_words(folder: Path, name: str) -> list[str]:
    """The words of `sacmap reconcile` over whole quarters."""
    return ["reconcile", "--current", "2018-04:2018-06", "--baseline", "2017-04:2017-06", "--home-office",
            str(folder / name), "--area-name", "Northamptonshire", "--out",
            str(folder / "out" / "official.csv")]  # fmt: skip


MAP = ("map.html", "map.csv", "map.json")


def of_map(name: str, examples: Callable[[Path], Sequence[bytes]], form: str = "", **changed: str) -> Target:
    """A file that `sacmap map` reads."""
    return Target(name, examples, command_of(lambda folder: map_words(folder, **changed)), form, MAP)


def of_plan(name: str, example: bytes, form: str, **changed: str) -> Target:
    """A file that `sacmap plan` reads."""
    reads = command_of(lambda folder: plan_words(folder, **changed))
    return Target(name, lambda _: [example], reads, form, ("plan.html", "plan.json"))


TARGETS = (
    of_map("crimes.csv", lambda _: [crimes_csv()], "csv"),
    of_map("crimes.zip", lambda _: [zip_of(crimes_csv(), kind) for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)],
           "zip", crimes="crimes.zip"),
    of_map("areas.geojson", lambda _: [areas_geojson(), areas_geojson("EPSG:27700")], "json"),
    of_map("context.geojson", lambda _: [context_geojson()], "json", context="context.geojson"),
    of_map("areas.kml", lambda folder: [areas_as(folder, "kml", driver) for driver in KML_DRIVERS],
           boundaries="areas.kml"),
    of_map("areas.gpkg", lambda folder: [areas_as(folder, "gpkg", "GPKG")], boundaries="areas.gpkg"),
    Target("areas.topojson", lambda _: [areas_topojson()], boundaries_read("areas.topojson"), "json"),
    Target("areas-esri.json", lambda _: [areas_esrijson()], boundaries_read("areas-esri.json"), "json"),
    Target("areas.geojsonl", lambda _: [areas_lines()], boundaries_read("areas.geojsonl")),
    Target("areas-wkt.csv", lambda _: [areas_wkt()], boundaries_read("areas-wkt.csv"), "csv"),
    Target("areas.kmz", lambda folder: [areas_kmz(folder)], boundaries_read("areas.kmz"), "zip"),
    Target("areas.parquet", lambda _: [areas_parquet()], boundaries_read("areas.parquet")),
    Target("areas.fgb", lambda folder: [areas_as(folder, "fgb", "FlatGeobuf")], boundaries_read("areas.fgb")),
    Target("areas-shp.zip", lambda folder: [areas_zipped(folder, "shp", "ESRI Shapefile")],
           boundaries_read("areas-shp.zip"), "zip"),
    Target("areas-tab.zip", lambda folder: [areas_zipped(folder, "tab", "MapInfo File")],
           boundaries_read("areas-tab.zip"), "zip"),
    Target("areas-mif.zip", lambda folder: [areas_zipped(folder, "mif", "MapInfo File")],
           boundaries_read("areas-mif.zip"), "zip"),
    Target("areas.gdb.zip", lambda folder: [areas_zipped(folder, "gdb", "OpenFileGDB", "areas.gdb/")],
           boundaries_read("areas.gdb.zip"), "zip"),
    Target("nomis.csv", lambda _: [nomis_csv()], households_read("nomis.csv"), "csv"),
    Target("nomis.xlsx", lambda _: [nomis_xlsx()], households_read("nomis.xlsx"), "zip"),
    Target("study.toml", lambda _: STUDIES, command_of(study_file_words), "toml", MAP),
    Target("extract.csv", lambda _: [extract_csv()], command_of(lambda folder: ["map", str(folder / "extract.toml")]),
           "csv", MAP),
    of_map("saved.csv", lambda _: saved_again()[:2], "csv", crimes="saved.csv"),
    of_map("packed.csv", lambda _: saved_again()[2:], crimes="packed.csv"),
    of_map("answers.json", lambda _: answers_json(), "json", crimes="answers.json"),
    Target("extract.xlsx", lambda _: [extract_xlsx()], command_of(lambda folder: ["map", str(folder / "book.toml")]),
           "zip", MAP),
    of_map("comparator.csv", lambda _: [comparator_csv()], "csv", comparator="comparator.csv"),
    of_map("households.csv", lambda _: [b"area_id,households\r\n001,400\r\n1E2,500\r\nNA,1000\r\nx/y,7\r\n"],
           "csv", households="households.csv"),
    of_plan("prices.toml", prices_toml(), "toml", prices="prices.toml"),
    of_plan("protected.csv", b"area_id,homes\r\n001,12\r\n1E2,3\r\n", "csv", protected="protected.csv"),
    of_plan("visited.csv", b"area_id,from,to,action\r\n001,2018-01,2018-02,locks\r\n", "csv", visited="visited.csv"),
    Target("plan.json", lambda folder: [plan_json(folder)], command_of(evaluate_words), "json",
           ("result.html", "result.json")),
    Target("log.csv", lambda _: [b"date,area_id,action,homes\r\n2018-06-04,001,locks,12\r\n04/07/2018,1E2,lights,\r\n"],
           command_of(lambda folder: evaluate_words(folder, log="log.csv")), "csv", ("result.html", "result.json")),
    Target("official.csv", lambda _: [home_office_csv()],
           command_of(lambda folder: reconcile_words(folder, "official.csv")), "csv", ("official.csv",)),
    Target("official.xlsx", lambda _: [home_office_xlsx()],
           command_of(lambda folder: reconcile_words(folder, "official.xlsx")), "zip", ("official.csv",)),
    *(Target(f"api-{end}", lambda _, end=end: [json.dumps(ANSWERS[end]).encode()], api_answer(end), "json")
      for end in ANSWERS),
    *map(of_geography, ASKED),
    Target("archive", lambda _: [zip_of(crimes_csv(), zipfile.ZIP_DEFLATED)], archive_read, "zip"),
    Target("answer", lambda folder: [answer_of_store(folder)], kept_answer),
)  # fmt: skip


# ── what must hold ────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def folder_of(target: Target) -> Iterator[Path]:
    """A folder with every other file whole."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "crimes.csv").write_bytes(crimes_csv())
        (folder / "areas.geojson").write_bytes(areas_geojson())
        (folder / "extract.csv").write_bytes(extract_csv())
        (folder / "extract.toml").write_bytes(STUDIES[-1])
        (folder / "book.toml").write_bytes(STUDIES[-1].replace(b"extract.csv", b"extract.xlsx"))
        if "result.json" in target.outputs:
            (folder / "plan.json").write_bytes(plan_json(folder))
        with contextlib.nullcontext() if target.outputs == MAP else compared_once():
            yield folder


@contextlib.contextmanager
def compared_once() -> Iterator[None]:
    """Compare the same study once: its files stay whole where the input is read beside or after them."""
    compare = pipeline.run
    kept: dict[str, Result] = {}

    def result_of(study: Study, **how: bool) -> Result:
        asked = repr((study, how))
        if asked not in kept:
            kept.clear()
            kept[asked] = compare(study, **how)
        return kept[asked]

    pipeline.run = result_of
    try:
        yield
    finally:
        pipeline.run = compare


def survive(target: Target, folder: Path, content: bytes) -> str:
    """Read an input; return "whole" or the name of the error it ended in.

    Raises
    ------
    AssertionError
        If part of its output is left, or the error does not say what to do.
    Exception
        Whatever else it raises that is not sacmap's: what fuzzing looks for.
    """
    (folder / target.name).write_bytes(content)
    shutil.rmtree(folder / "out", ignore_errors=True)
    try:
        target.reads(folder, content)
    except (SacmapError, click.ClickException) as error:
        if isinstance(error, SacmapError):
            require_told(error)
        left = files_in(folder / "out")
        assert left == [], left
        return type(error).__name__
    require_whole(target, folder)
    return "whole"


def files_in(folder: Path) -> list[str]:
    """The names of the files in a folder and its folders; an empty folder is no output."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def require_told(error: SacmapError) -> None:
    """An error is a cause and a next step, two lines that a terminal shows and does not obey."""
    assert error.cause.strip()
    assert len(str(error).splitlines()) <= 2, str(error)
    assert len(error.cause) < 2_010, len(error.cause)
    assert not set(str(error)) & {"\x1b", "\r", "\0", "\u202e"}


def require_whole(target: Target, folder: Path) -> None:
    """Every output is there and whole, and no other file is."""
    made = files_in(folder / "out")
    if target.name == "study.toml":
        # The study itself may say where its files go, and under which name.
        assert not made or {Path(name).suffix.lower() for name in made} == {".html", ".csv", ".json"}, made
        return
    assert made == sorted(target.outputs), made
    for name in made:
        text = (folder / "out" / name).read_text(encoding="utf-8")
        if name.endswith(".json"):
            ledger = json.loads(text).get("ledger", {"rows_read": 0})
            assert ledger["rows_read"] == sum(n for what, n in ledger.items() if what != "rows_read")
        elif name.endswith(".html"):
            assert text.rstrip().endswith("</html>")
        else:
            assert len({len(cells) for cells in csv.reader(io.StringIO(text, newline=""))}) == 1
