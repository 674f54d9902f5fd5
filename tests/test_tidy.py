"""The tidy cache: a run from it gives the bytes of a run that reads everything, and reads only what is new."""

import zipfile
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from conftest import csv_text, row
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.areas.boundaries import overlaps, read_areas, read_text
from sacmap.areas.locate import join_points
from sacmap.errors import InputError
from sacmap.fetch.street import WORTH_KEEPING, read
from sacmap.fetch.tidy import (
    MANY_AREAS,
    Tidy,
    outlines_in,
    outlines_kept,
    overlaps_kept,
    points_joined,
    table_of_outlines,
)
from sacmap.job import compare_areas
from sacmap.measure.counts import repeats
from sacmap.practice import write_practice
from sacmap.publish.draw import render
from sacmap.publish.files import csv_of, record_of
from sacmap.publish.outlines import outlines_of
from sacmap.publish.present import page_of
from sacmap.study import make_study, read_study

KEEP = tables.SAC_TYPES


def read_kept(archive, store):
    return read([str(archive)], keep=KEEP, tidy=Tidy(store), worth_keeping=0)


def archive_of(path, months):
    """An archive of one force; `months` are labels and how many burglaries each has."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for month, n in months.items():
            rows = [row(month, lon=f"-0.9{k:05d}", crime_id=f"{k:064x}") for k in range(n)]
            name = f"{month}/{month}-northamptonshire-street.csv"
            archive.writestr(name, csv_text(*rows, row(month, "Drugs"), row(month, crime_id=f"{0:064x}")))
    return path


def spoil(archive, month):
    """Spoil the deflated bytes of a month, so that reading it fails; the ZIP's directory stays as it was."""
    with zipfile.ZipFile(archive) as opened:
        [info] = [info for info in opened.infolist() if info.filename.startswith(month)]
    raw = bytearray(archive.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    raw[start : start + info.compress_size] = bytes(info.compress_size)
    archive.write_bytes(raw)


def same(left, right):
    """The ids that one row alone has are let go of where months are kept: what must be the same is what repeats."""
    without_ids = [reading.crimes.astype(str).drop(columns="crime_id") for reading in (left, right)]
    pd.testing.assert_frame_equal(*without_ids)
    assert (repeats(left.crimes) == repeats(right.crimes)).all()
    pd.testing.assert_frame_equal(left.tally, right.tally)
    assert [given["rows"] for given in left.inputs] == [given["rows"] for given in right.inputs]


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    return write_practice(tmp_path_factory.mktemp("practice"))


def outputs(practice, reading, tidy=None):
    """The CSV, the record and the page of the practice study."""
    study, areas = make_study(read_study(practice.study)), read_areas(practice.boundaries)
    joined = points_joined(tidy, reading.crimes, areas) if tidy else None
    result = compare_areas(study, reading, areas, comparator_text=read_text, joined=joined)
    page = page_of(result)
    return csv_of(page.texts), record_of(result, "0"), render(page).encode()


def test_a_warm_run_gives_the_bytes_of_a_cold_one(practice, tmp_path):
    plain = read([str(practice.crimes)], keep=KEEP)
    expected = outputs(practice, plain)
    for _ in ("cold", "warm"):
        assert outputs(practice, read_kept(practice.crimes, tmp_path), Tidy(tmp_path)) == expected
        # The months, and the points.
        assert len(list((tmp_path / "tidy").glob("*.parquet"))) == plain.tally["month"].nunique() + 1


def test_points_known_are_not_joined_again_and_new_ones_are(practice, tmp_path):
    areas = read_areas(practice.boundaries)
    crimes = read([str(practice.crimes)], keep=KEEP).crimes
    whole = join_points(crimes, areas)
    points_joined(Tidy(tmp_path), crimes[: len(crimes) // 2], areas)
    [half] = (tmp_path / "tidy").iterdir()
    grown = points_joined(Tidy(tmp_path), crimes, areas)
    pd.testing.assert_frame_equal(grown.sort_index(), whole.sort_index())
    [kept] = (tmp_path / "tidy").iterdir()
    assert kept != half
    known = Tidy(tmp_path)
    pd.testing.assert_frame_equal(points_joined(known, crimes[:10], areas), grown)
    # Other boundaries are other points.
    points_joined(known, crimes, areas.iloc[1:])
    assert len(list((tmp_path / "tidy").iterdir())) == 2


def many_squares():
    """More areas than are drawn anew each time, two of them overlapping, one without a boundary."""
    n = MANY_AREAS + 2
    west, south = np.arange(n) % 50 * 0.01 - 1.5, np.arange(n) // 50 * 0.01 + 52
    shapes = shapely.box(west, south, west + 0.01, south + 0.01)
    shapes[0] = shapely.box(-1.5, 52, -1.485, 52.01)
    shapes[9] = shapely.Polygon()
    ids = [f"{k:04d}" for k in range(n)]
    return gpd.GeoDataFrame({"area_id": ids, "name": ids}, geometry=shapes, crs="EPSG:4326")


def test_what_needs_the_areas_only_is_kept_of_many_and_comes_back_the_same(tmp_path):
    areas = many_squares()
    drawn, overlapping = outlines_of(areas.geometry.to_numpy()), overlaps(areas)
    assert [pair[:2] for pair in overlapping] == [("0000", "0001")]
    for _ in ("made", "kept"):
        tidy = Tidy(tmp_path)
        assert overlaps_kept(tidy, areas) == overlapping
        kept = outlines_kept(tidy, areas)
        assert kept.codes == drawn.codes
        assert kept.picture.paths == drawn.picture.paths
        assert (kept.picture.width, kept.picture.height) == (drawn.picture.width, drawn.picture.height)
        np.testing.assert_array_equal(kept.names_at, drawn.names_at)
        np.testing.assert_array_equal(kept.picture.where, drawn.picture.where)
        np.testing.assert_array_equal(kept.picture.tall, drawn.picture.tall)
    files = list((tmp_path / "tidy").iterdir())
    assert len(files) == 2
    # Other boundaries are other drawings, and those of few areas are no trouble to draw again.
    assert overlaps_kept(tidy, areas.iloc[1:]) == []
    assert outlines_kept(tidy, areas[:40]).codes == outlines_of(areas.geometry.to_numpy()[:40]).codes
    assert len(list((tmp_path / "tidy").iterdir())) == 3
    assert overlaps_kept(Tidy(tmp_path), areas.iloc[1:]) == []


def test_areas_without_any_boundary_are_kept_without_a_picture():
    drawn = outlines_of(np.array([shapely.Polygon()] * 3))
    kept = outlines_in(table_of_outlines(drawn))
    assert (kept.picture, kept.codes) == (drawn.picture, drawn.codes) == (None, [""] * 3)


@pytest.mark.parametrize("column", ["code", "path"])
def test_a_store_that_someone_wrote_script_into_is_drawn_anew(tmp_path, column):
    areas = many_squares()
    drawn = outlines_kept(Tidy(tmp_path), areas)
    [kept] = (tmp_path / "tidy").iterdir()
    table = pq.read_table(kept)
    texts = table[column].to_pylist()
    texts[7] = "</script><script>alert(1)</script>"
    key = kept.name.partition("-")[0]
    Tidy(tmp_path).put(
        key, table.set_column(table.schema.get_field_index(column), column, pa.array(texts, pa.string()))
    )
    assert outlines_kept(Tidy(tmp_path), areas).codes == drawn.codes
    assert outlines_kept(Tidy(tmp_path), areas).picture.paths == drawn.picture.paths


def test_the_same_shapes_under_other_ids_are_other_areas(tmp_path):
    areas = many_squares()
    renamed = areas.assign(area_id=[f"X{k:04d}" for k in range(len(areas))][::-1])
    crimes = pd.DataFrame({"lon": [-1.499, -1.001], "lat": [52.001, 52.011]})
    for some in (areas, renamed):
        assert overlaps_kept(Tidy(tmp_path), some) == overlaps(some)
        pd.testing.assert_frame_equal(points_joined(Tidy(tmp_path), crimes, some), join_points(crimes, some))


def test_of_a_month_kept_the_ids_that_show_a_repeat_are_kept_and_no_others(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {"2018-09": 3})
    for _ in ("cold", "warm"):
        assert list(read_kept(archive, tmp_path).crimes["crime_id"]) == ["0" * 64, "", "", "0" * 64]


def test_a_file_whose_name_says_no_month_costs_neither_a_repeat_nor_the_cache(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {"2018-09": 3, "2018-10": 2})
    loose = tmp_path / "extra.csv"
    loose.write_text(csv_text(row("2018-09", crime_id=f"{2:064x}")))
    whole = read([str(archive), str(loose)], keep=KEEP)
    assert repeats(whole.crimes).sum() == 3

    def again():
        return read([str(archive), str(loose)], keep=KEEP, tidy=Tidy(tmp_path), worth_keeping=0)

    same(again(), whole)
    for month in ("2018-09", "2018-10"):
        spoil(archive, month)
    same(again(), whole)


def test_what_is_read_twice_is_counted_from_the_start_again(tmp_path):
    stray = [row("2018-09"), row("2018-10")]
    path = zip_of(tmp_path / "a.zip", [street_file("2018-09", stray[:1]), street_file("2018-10", stray)])
    told = []
    read([path], keep=KEEP, tidy=Tidy(tmp_path), worth_keeping=0, total=told.append, progress=told.append)
    names = ["2018-09-northamptonshire-street.csv", "2018-10-northamptonshire-street.csv"]
    assert told == [names, names[0], names, *names]


def test_only_a_new_month_is_read(tmp_path):
    months = {"2018-09": 3, "2018-10": 2}
    read_kept(archive_of(tmp_path / "a.zip", months), tmp_path)
    later = archive_of(tmp_path / "b.zip", months | {"2018-11": 4})
    whole = read([str(later)], keep=KEEP)
    for month in months:
        spoil(later, month)
    with pytest.raises(InputError, match="damaged"):
        read([str(later)], keep=KEEP)
    same(read_kept(later, tmp_path), whole)


def test_a_month_published_again_is_read_again(tmp_path):
    read_kept(archive_of(tmp_path / "a.zip", {"2018-09": 3, "2018-10": 2}), tmp_path)
    again = archive_of(tmp_path / "a.zip", {"2018-09": 3, "2018-10": 5})
    same(read_kept(again, tmp_path), read([str(again)], keep=KEEP))


def test_f43_a_damaged_month_is_set_aside_and_read_again(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {"2018-09": 3, "2018-10": 2})
    whole = read_kept(archive, tmp_path)
    kept = sorted((tmp_path / "tidy").glob("*.parquet"))
    raw = bytearray(kept[0].read_bytes())
    raw[len(raw) // 2] ^= 1
    kept[0].write_bytes(raw)
    kept[1].write_bytes(kept[1].read_bytes()[:-9])
    same(read_kept(archive, tmp_path), whole)
    assert len(list((tmp_path / "tidy").glob("*.damaged"))) == 2
    assert sorted((tmp_path / "tidy").glob("*.parquet")) == kept
    same(read_kept(archive, tmp_path), whole)


def street_file(month, rows, force="northamptonshire"):
    return f"{month}/{month}-{force}-street.csv", csv_text(*rows)


def zip_of(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return str(path)


IDS = st.sampled_from(["", "1a", "f" * 64, *(f"{n:064x}" for n in range(6))])
KINDS = st.sampled_from(["Burglary", "Robbery", "Drugs"])
#: Now and then a row is of the other month than its file.
ROWS = st.lists(st.tuples(IDS, KINDS, st.sampled_from(["", "-0.900000"]), st.booleans()), max_size=9)


@settings(max_examples=60)
@given(files=st.tuples(ROWS, ROWS, ROWS), strays=st.booleans(), split=st.booleans())
def test_the_ids_let_go_of_hide_no_repeat(tmp_path_factory, files, strays, split):
    """In two forces' files of one month and one of the next; in one archive, or a force in another."""
    folder = tmp_path_factory.mktemp("tidy")
    months, forces = ["2018-09", "2018-09", "2018-10"], ["x", "y", "x"]
    written = []
    for month, force, rows in zip(months, forces, files, strict=True):
        lines = [
            row(
                "2018-10" if stray and strays else month, kind, lon, "52.24" if lon else "", crime_id=identity
            )
            for identity, kind, lon, stray in rows
        ]
        written.append(street_file(month, lines or [row(month, "Drugs")], force))
    cut = 1 if split else 3
    paths = [
        zip_of(folder / f"{n}.zip", part) for n, part in enumerate((written[:cut], written[cut:])) if part
    ]
    whole = read(paths, keep=KEEP)
    for _ in ("cold", "warm"):
        same(read(paths, keep=KEEP, tidy=Tidy(folder), worth_keeping=0), whole)


def test_a_row_of_another_month_than_its_file_still_shows_a_repeat(tmp_path):
    september = [row("2018-09", crime_id="a" * 64), row("2018-10", crime_id="b" * 64)]
    october = [row("2018-10", crime_id="b" * 64), row("2018-10", crime_id="c" * 64)]
    path = zip_of(tmp_path / "a.zip", [street_file("2018-09", september), street_file("2018-10", october)])
    for _ in ("cold", "warm"):
        assert list(repeats(read_kept(path, tmp_path).crimes)) == [False, False, True, False]


def test_a_crime_of_two_forces_archives_is_a_repeat(tmp_path):
    one, other = ([row("2018-09", crime_id=f"{k:064x}") for k in numbers] for numbers in ((1, 2), (2, 3)))
    paths = [
        zip_of(tmp_path / "x.zip", [street_file("2018-09", one, "x")]),
        zip_of(tmp_path / "y.zip", [street_file("2018-09", other, "y")]),
    ]
    # Each alone first, so that the store knows both.
    for given_now in (paths[:1], paths[1:], paths, paths):
        crimes = read(given_now, keep=KEEP, tidy=Tidy(tmp_path), worth_keeping=0).crimes
    assert list(repeats(crimes)) == [False, False, True, False]


def test_f42_runs_at_once_on_one_store_agree(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {f"2018-{m:02d}": m for m in range(1, 13)})
    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(lambda _: read_kept(archive, tmp_path), range(8)))
    for reading in readings:
        same(reading, readings[0])
    assert len(list((tmp_path / "tidy").iterdir())) == 12


def test_f44_a_store_that_cannot_be_written_costs_only_the_time(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {"2018-09": 3})
    file = tmp_path / "file"
    file.write_text("not a folder")
    same(read_kept(archive, file), read([str(archive)], keep=KEEP))


def test_what_is_soon_read_again_is_not_kept(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {"2018-09": 3})
    assert archive.stat().st_size < WORTH_KEEPING
    read([str(archive)], keep=KEEP, tidy=Tidy(tmp_path))
    assert not (tmp_path / "tidy").exists()


def test_other_crime_types_are_kept_apart(tmp_path):
    archive = archive_of(tmp_path / "a.zip", {"2018-09": 3})
    read_kept(archive, tmp_path)
    drugs = read([str(archive)], keep=["drugs"], tidy=Tidy(tmp_path), worth_keeping=0)
    assert list(drugs.crimes["crime_type"]) == ["drugs"]
