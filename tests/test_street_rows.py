from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from conftest import HEADER, csv_text, row
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.errors import InputError
from sacmap.fetch import street_rows
from sacmap.fetch.street_rows import CsvSource, rows_of

KEEP = tables.SAC_TYPES


def read(*files: bytes):
    """What is made of files, whichever way they are read."""
    return rows_of(
        [CsvSource(f"{letter}.csv", lambda raw=raw: raw) for letter, raw in zip("abc", files, strict=False)],
        KEEP,
    )


def parsed(text: bytes):
    """What parsing every row makes of it, less the types not kept."""
    whole = rows_of([CsvSource("a.csv", lambda: text)], None)
    kept = whole.crimes.filter(pc.is_in(whole.crimes["crime_type"], pa.array(KEEP)))
    return whole._replace(crimes=kept)


def made_of(reader, text: bytes):
    """The rows and the tally a reader makes of a file, or what it says of it."""
    try:
        found = reader(text)
    except InputError as error:
        return str(error)
    return found.crimes.to_pylist(), total(found.tally)


ROWS = st.builds(
    row,
    month=st.sampled_from(["2018-10", "2018-11", " 2018-10"]),
    kind=st.sampled_from(["Burglary", "BURGLARY", "Vehicle crime", " Robbery ", "Drugs", "Burglary2", ""]),
    lon=st.sampled_from(["-0.900000", "", "null", "NaN", "1e-3", "0.1234567"]),
    lat=st.sampled_from(["52.240000", "", "51"]),
    crime_id=st.sampled_from(["", "a" * 64, "null"]),
    force=st.sampled_from(["Northamptonshire Police", "British Transport Police", ""]),
    street=st.sampled_from(["On or near ", "No Location", "On or near Tŷ'r Môr", "null"]),
)


@pytest.mark.slow
@settings(max_examples=90, deadline=None)
@given(
    st.lists(ROWS, min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([512, 4 << 20]),
)
def test_the_quick_way_gives_what_looking_at_every_line_gives(made, end, last_end, block):
    text = csv_text(*made, end=end)
    text = text if last_end else text.removesuffix(end)
    before, street_rows.BLOCK = street_rows.BLOCK, block
    try:
        quick = made_of(read, text.encode())
    finally:
        street_rows.BLOCK = before
    assert quick == made_of(parsed, text.encode())


def total(*tallies):
    """Rows by month, force and crime type."""
    sums = Counter()
    for one in pa.concat_tables(tallies).to_pylist():
        sums[one["month"], one["force"], one["crime_type"]] += one["n"]
    return sums


@pytest.mark.parametrize(
    "odd",
    [
        row(street='"On or near Mill Lane, North Side"'),
        row().replace(",", ";", 1),
        "",
        row() + ",",
        row(lon="west"),
        row(month="Feb-25"),
    ],
)
def test_a_file_that_is_not_plain_is_read_as_the_parser_reads_it(odd):
    text = csv_text(row(), odd, row()).encode()
    assert made_of(read, text) == made_of(parsed, text)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\r", "\r\r\n"])
def test_the_line_ends_of_any_system_are_no_part_of_a_field(end):
    rows = [row(crime_id=""), row(crime_id=""), row(kind="Drugs")]
    made, usual = (read(csv_text(*rows, end=one).encode()) for one in (end, "\n"))
    assert made.crimes.to_pylist() == usual.crimes.to_pylist()
    assert total(made.tally) == total(usual.tally)


def test_a_quoted_street_keeps_its_comma():
    text = csv_text(row(), row(street='"On or near Mill Lane, North Side"'), row(kind="Drugs"))
    made = read(text.encode())
    assert made.crimes["location"].to_pylist()[1] == "On or near Mill Lane, North Side"
    assert sum(made.tally["n"].to_pylist()) == 3


def test_f25_a_month_that_is_none_in_a_row_of_another_type_is_an_error_with_its_line():
    text = csv_text(row(), row(kind="Drugs", month="Feb-25"))
    with pytest.raises(InputError, match=r"a\.csv, line 3: 'Feb-25' is not a month"):
        read(text.encode())


def test_a_file_with_more_different_texts_than_can_be_counted_by_code_is_read_line_by_line():
    every = [f"20{10 + n // 12}-{n % 12 + 1:02d}" for n in range(120)]
    rows = [row(month=month, force=f"Force {n}", kind=f"Kind {n}") for n, month in enumerate(every)]
    assert len(rows) ** 3 > street_rows.COMBINATIONS
    text = csv_text(*rows, row()).encode()
    assert made_of(read, text) == made_of(parsed, text)
    with pytest.raises(InputError, match=r"a\.csv, line 122: 'Feb-25' is not a month"):
        read(csv_text(*rows, row(month="Feb-25")).encode())


def test_f48_a_row_cut_short_is_told_with_its_line_where_only_some_types_are_kept():
    text = csv_text(row(), row(kind="Drugs"), row())
    with pytest.raises(InputError, match=r"a\.csv cannot be read: line 4"):
        read(text[:-60].encode())


def test_f48_latin_1_in_a_street_is_read_where_only_some_types_are_kept():
    text = csv_text(row(street="On or near Café"), row(kind="Drugs"))
    made = read(text.encode("latin-1"))
    assert made.crimes["location"].to_pylist() == ["On or near Café"]


def test_a_file_with_a_header_and_no_rows_has_no_crimes():
    made = read(HEADER.encode() + b"\r\n")
    assert (made.crimes.num_rows, made.tally.num_rows) == (0, 0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(ROWS, max_size=6), min_size=1, max_size=3))
def test_several_files_read_at_once_give_the_rows_of_each_in_turn(files):
    texts = [csv_text(*made).encode() for made in files]
    at_once, in_turn = read(*texts), [read(text) for text in texts]
    assert at_once.crimes.to_pylist() == [one for part in in_turn for one in part.crimes.to_pylist()]
    assert total(at_once.tally) == total(*(part.tally for part in in_turn))


@pytest.mark.parametrize(
    "odd", [row(street='"On or near Mill Lane, North Side"'), row(street="On or near Caf\xe9"), ""]
)
def test_a_file_that_is_not_plain_keeps_its_place_among_those_that_are(odd):
    files = [csv_text(row(street=name)).encode() for name in ("On or near First", "On or near Third")]
    files.insert(1, csv_text(odd).encode("latin-1"))
    streets = read(*files).crimes["location"].to_pylist()
    assert streets == ["On or near First", *read(files[1]).crimes["location"].to_pylist(), "On or near Third"]


def test_f48_of_several_files_read_at_once_the_one_that_is_amiss_is_named():
    with pytest.raises(InputError, match=r"b\.csv cannot be read: .*line 3"):
        read(csv_text(row()).encode(), csv_text(row(), row(lon="west")).encode(), csv_text(row()).encode())
