import struct
import zipfile

import pandas as pd
import pyarrow as pa
import pytest
from conftest import HEADER, csv_text, row
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.crimes import repeats
from sacmap.errors import InputError
from sacmap.fetch.street import read, read_crimes


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def zipped(path, members, **kind):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **kind) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


NAME = "2018-10/2018-10-northamptonshire-street.csv"


def test_a_csv_a_folder_and_a_zip_read_the_same(tmp_path):
    text = csv_text(row(), row(kind="Vehicle crime"), row(kind="Drugs"))
    folder = tmp_path / "folder" / "2018-10"
    folder.mkdir(parents=True)
    alone = write(folder / "2018-10-northamptonshire-street.csv", text)
    archive = zipped(tmp_path / "a.zip", {NAME: text})
    tables_read = [read_crimes(p) for p in (alone, folder.parent, [archive])]
    for table in tables_read:
        pd.testing.assert_frame_equal(table, tables_read[0])
    assert list(tables_read[0].columns) == tables.CRIMES.names
    assert list(tables_read[0]["crime_type"]) == ["burglary", "vehicle-crime", "drugs"]


def test_outcomes_and_searches_in_a_download_are_not_crimes(tmp_path):
    members = {NAME: csv_text(row())}
    members |= {NAME.replace("street", kind): "x,y\n1,2\n" for kind in ("outcomes", "stop-and-search")}
    assert len(read_crimes(zipped(tmp_path / "a.zip", members))) == 1


def test_only_the_kept_types_become_crimes_but_every_row_is_tallied(tmp_path):
    file = write(tmp_path / "a.csv", csv_text(row(), row(kind="Drugs"), row(kind="Drugs")))
    reading = read([str(file)], keep=tables.SAC_TYPES)
    assert len(reading.crimes) == 1
    assert dict(zip(reading.tally["crime_type"], reading.tally["n"], strict=True)) == {
        "burglary": 1,
        "drugs": 2,
    }
    assert reading.inputs[0]["rows"] == 3


def test_the_same_month_given_twice_is_read_once_and_told(tmp_path):
    first = zipped(tmp_path / "a.zip", {NAME: csv_text(row())})
    second = zipped(tmp_path / "b.zip", {NAME: csv_text(row(), row())})
    reading = read([str(first), str(second)])
    assert len(reading.crimes) == 2
    assert "a.zip" in reading.notes[0]


def test_many_files_given_twice_are_told_in_a_line_for_each_zip(tmp_path):
    names = [f"2018-{month:02d}/2018-{month:02d}-northamptonshire-street.csv" for month in (10, 11, 12)]
    paths = [
        str(zipped(tmp_path / name, {inside: csv_text(row(inside[:7])) for inside in names}))
        for name in ("a.zip", "b.zip")
    ]
    reading = read(paths)
    assert len(reading.crimes) == 3
    (said,) = reading.notes
    assert said.endswith(
        f"and 2 other files of {paths[0]} were given again by a later path; the later ones were read."
    )


@pytest.mark.parametrize("lon", ["", "null"])
def test_f21_one_of_two_coordinates_missing_is_no_location(tmp_path, lon):
    crimes = read_crimes(write(tmp_path / "a.csv", csv_text(row(lon=lon))))
    assert crimes[["lon", "lat"]].isna().all(axis=None)


@pytest.mark.parametrize("month", ["2024-1", "Feb-25", "2024-13", ""])
def test_f25_a_month_that_is_none_is_an_error_with_its_line(tmp_path, month):
    file = write(tmp_path / "a.csv", csv_text(row(), row(month=month)))
    with pytest.raises(InputError, match=r"a\.csv, line 3: .* is not a month"):
        read_crimes(file)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + csv_text(row(street="On or near Caffi", crime_id="1a")),
        "\ufeff\ufeff" + csv_text(row(street="On or near Caffi", crime_id="1a")),
        "\ufeff\ufeff" + csv_text(row(street="On or near Caffi", crime_id="1a")).replace(",", ";"),
        csv_text(row(street="On or near Caffi", crime_id="1a"), end="\n"),
        "\n".join([HEADER, row(street="On or near Caffi", crime_id="1a")]),
    ],
)
def test_f48_bom_line_ends_and_no_last_line_end_are_read(tmp_path, content):
    crimes = read_crimes(write(tmp_path / "a.csv", content))
    assert list(crimes["location"]) == ["On or near Caffi"]
    assert list(crimes["crime_id"]) == ["1a"]


def test_f48_latin_1_is_read(tmp_path):
    file = write(tmp_path / "a.csv", csv_text(row(street="On or near Tŷ Café".replace("ŷ", "y"))), "latin-1")
    assert list(read_crimes(file)["location"]) == ["On or near Ty Café"]


def test_f48_columns_in_another_order_are_read(tmp_path):
    text = "Crime type,Latitude,Longitude,Month,Reported by\r\nRobbery,52.1,-0.9,2018-10,Northamptonshire Police\r\n"
    crimes = read_crimes(write(tmp_path / "a.csv", text))
    assert (crimes.loc[0, "lat"], crimes.loc[0, "crime_id"]) == (52.1, "")


def test_f48_a_missing_column_names_file_line_and_column(tmp_path):
    file = write(tmp_path / "a.csv", "Month,Reported by,Longitude,Crime type\r\n")
    with pytest.raises(InputError, match=r"a\.csv, line 1: no column 'Latitude'"):
        read_crimes(file)


def test_f48_a_row_cut_short_is_an_error_with_its_line(tmp_path):
    text = csv_text(row(), row())
    with pytest.raises(InputError, match=r"a\.csv cannot be read: line 3"):
        read_crimes(write(tmp_path / "a.csv", text[:-60]))


def test_f48_a_last_coordinate_cut_short_is_an_error(tmp_path):
    text = "Month,Reported by,Crime type,Latitude,Longitude\n" + "2018-10,X,Robbery,52.240000,-1.123456\n" * 2
    with pytest.raises(InputError, match="ends inside Longitude"):
        read_crimes(write(tmp_path / "a.csv", text[:-6]))


def test_f46_a_cut_zip_is_an_error(tmp_path):
    whole = zipped(tmp_path / "a.zip", {NAME: csv_text(*[row()] * 50)}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.zip"):
        read_crimes(tmp_path / "cut.zip")


def test_f46_a_flipped_bit_names_the_member(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(NAME, csv_text(row()))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"Burglary")] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match="2018-10-northamptonshire-street"):
        read_crimes(path)


def test_f47_a_bomb_a_nested_and_an_encrypted_zip_are_refused(tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", {NAME: "0" * 50_000_000})
    nested = zipped(tmp_path / "nested.zip", {"inner.zip": bomb.read_bytes()})
    locked = zipped(tmp_path / "locked.zip", {NAME: csv_text(row())})
    raw = bytearray(locked.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.index(mark) + offset
        raw[at : at + 2] = struct.pack("<H", 1)
    locked.write_bytes(raw)
    for path, words in (
        (bomb, "when decompressed"),
        (nested, "has another ZIP in it"),
        (locked, "is encrypted"),
    ):
        with pytest.raises(InputError, match=words):
            read_crimes(path)


def test_f47_a_member_named_outside_the_folder_is_read_and_never_extracted(tmp_path):
    crimes = read_crimes(zipped(tmp_path / "a.zip", {"../../2018-10-x-street.csv": csv_text(row())}))
    assert len(crimes) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_nothing_to_read_says_what_to_give(tmp_path):
    with pytest.raises(InputError, match="No street-level crime file"):
        read_crimes(tmp_path)
    with pytest.raises(InputError, match="is not there"):
        read_crimes(tmp_path / "none.zip")
    with pytest.raises(InputError, match="is empty"):
        read_crimes(write(tmp_path / "empty.csv", ""))


def crimes_table(rows):
    return pd.DataFrame(rows, columns=["crime_id", "month", "crime_type", "lon"])


def test_a_repeated_crime_stands_where_it_has_coordinates():
    table = crimes_table(
        [("a", "2018-10", "robbery", None), ("a", "2018-10", "robbery", 1.0), ("a", "2018-10", "drugs", 1.0)]
    )
    assert list(repeats(table)) == [True, False, False]


ROWS = st.tuples(
    st.sampled_from(["", "a", "b", "a" * 64, "a" * 63 + "b"]),
    st.sampled_from(["2018-10", "2018-11"]),
    st.sampled_from(["robbery", "drugs"]),
    st.sampled_from([None, 1.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS))
def test_of_each_crime_with_an_id_one_row_stands_and_blank_ids_all_stand(rows):
    table = crimes_table(rows)
    # In pieces, as what is read member by member is.
    pieces = [pa.array(table["crime_id"].iloc[n : n + 3], pa.string()) for n in range(0, len(table), 3)]
    table["crime_id"] = pa.chunked_array(pieces, pa.string()).to_pandas()
    stands = table[~repeats(table)]
    assert (stands["crime_id"] == "").sum() == (table["crime_id"] == "").sum()
    named = stands[stands["crime_id"] != ""]
    keys = ["crime_id", "month", "crime_type"]
    assert not named.duplicated(keys).any()
    assert set(map(tuple, named[keys].to_numpy())) == set(
        map(tuple, table.loc[table["crime_id"] != "", keys].to_numpy())
    )


def test_real_files_read_whole(data):
    reading = read([str(data / "northamptonshire-2018-10_2019-02.zip")], keep=tables.SAC_TYPES)
    assert reading.inputs[0]["rows"] == int(reading.tally["n"].sum()) == 56_876
    northants = reading.crimes[reading.crimes["force"] == "Northamptonshire Police"]
    assert len(northants) == 6_333
    assert repeats(northants.reset_index(drop=True)).sum() == 28


def test_a_row_of_another_month_than_its_file_still_shows_a_repeat(tmp_path):
    september = csv_text(row("2018-09", crime_id="a" * 64), row("2018-10", crime_id="b" * 64))
    october = csv_text(row("2018-10", crime_id="b" * 64), row("2018-10", crime_id="c" * 64))
    path = zipped(tmp_path / "a.zip", {NAME.replace("2018-10", "2018-09"): september, NAME: october})
    crimes = read([str(path)], keep=tables.SAC_TYPES).crimes
    assert list(repeats(crimes)) == [False, False, True, False]


def test_a_crime_in_two_forces_archives_is_a_repeat(tmp_path):
    one, other = (csv_text(*(row(crime_id=f"{k:064x}") for k in ids)) for ids in ((1, 2), (2, 3)))
    paths = [
        zipped(tmp_path / "x.zip", {NAME: one}),
        zipped(tmp_path / "y.zip", {NAME.replace("north", "south"): other}),
    ]
    crimes = read([str(path) for path in paths], keep=tables.SAC_TYPES).crimes
    assert list(repeats(crimes)) == [False, False, True, False]
