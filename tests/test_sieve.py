import pytest
from conftest import HEADER, csv_text, row
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.errors import InputError
from sacmap.fetch import rows, sieve
from sacmap.fetch.rows import rows_of

KEEP = tables.SAC_TYPES


def sifted(text: bytes):
    """What the sieve makes of a file: None where it leaves it to the parser."""
    return rows._sifted(text, text.find(b"\n") + 1, HEADER.split(","), KEEP)


def parsed(text: bytes):
    """What parsing every row makes of it."""
    return rows._whole(text[text.find(b"\n") + 1 :], HEADER.split(","), "a.csv", KEEP)


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


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ROWS, min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([64, 2 << 20]),
)
def test_sifting_gives_what_parsing_every_row_gives(made, end, last_end, block):
    text = csv_text(*made, end=end)
    text = text if last_end else text.removesuffix(end)
    before, sieve.BLOCK = sieve.BLOCK, block
    try:
        quick, whole = sifted(text.encode()), parsed(text.encode())
    finally:
        sieve.BLOCK = before
    assert quick is not None
    assert quick.crimes.to_pylist() == whole.crimes.to_pylist()
    keys = [("month", "ascending"), ("force", "ascending"), ("crime_type", "ascending")]
    grouped = [t.group_by(["month", "force", "crime_type"]).aggregate([("n", "sum")]).sort_by(keys)
               for t in (quick.tally, whole.tally)]  # fmt: skip
    assert grouped[0].to_pylist() == grouped[1].to_pylist()


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
def test_a_file_that_is_not_plain_is_left_to_the_parser(odd):
    assert sifted(csv_text(row(), odd, row()).encode()) is None


def test_a_quoted_street_keeps_its_comma():
    text = csv_text(row(), row(street='"On or near Mill Lane, North Side"'), row(kind="Drugs"))
    made = rows_of(text.encode(), "a.csv", KEEP)
    assert made.crimes["location"].to_pylist()[1] == "On or near Mill Lane, North Side"
    assert sum(made.tally["n"].to_pylist()) == 3


def test_f25_a_month_that_is_none_in_a_row_of_another_type_is_an_error_with_its_line():
    text = csv_text(row(), row(kind="Drugs", month="Feb-25"))
    with pytest.raises(InputError, match=r"a\.csv, line 3: 'Feb-25' is not a month"):
        rows_of(text.encode(), "a.csv", KEEP)


def test_f48_a_row_cut_short_is_told_with_its_line_where_only_some_types_are_kept():
    text = csv_text(row(), row(kind="Drugs"), row())
    with pytest.raises(InputError, match=r"a\.csv cannot be read: line 4"):
        rows_of(text[:-60].encode(), "a.csv", KEEP)


def test_f48_latin_1_in_a_street_is_read_where_only_some_types_are_kept():
    text = csv_text(row(street="On or near Café"), row(kind="Drugs"))
    made = rows_of(text.encode("latin-1"), "a.csv", KEEP)
    assert made.crimes["location"].to_pylist() == ["On or near Café"]


def test_a_file_with_a_header_and_no_rows_has_no_crimes():
    made = rows_of(HEADER.encode() + b"\r\n", "a.csv", KEEP)
    assert (made.crimes.num_rows, made.tally.num_rows) == (0, 0)
