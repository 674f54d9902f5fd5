"""The workbook, read back cell by cell with another library: the CSV's numbers, and no text that runs."""

import csv
import dataclasses
import io
import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from conftest import HOSTILE, grouped, page_of

from sacmap import tables
from sacmap.errors import UsageError
from sacmap.files.study_file import read_study
from sacmap.notices import Notice
from sacmap.publish.csv_json import as_text, csv_of, texts_of, with_groups
from sacmap.publish.page import render
from sacmap.publish.workbook import LONGEST, workbook_of
from sacmap.study import make_study

WEEKS = {
    "sac": "Week of action",
    "burglary": "Week of action, burglary",
    "robbery": "Week of action, robbery",
    "vehicle-crime": "Week of action, vehicle crime",
}
SHEETS = ["Summary", "Areas", "Monthly counts", "Target hardening", *WEEKS.values(), "Notes", "Columns"]


def opened(page, ledger=None):
    return openpyxl.load_workbook(io.BytesIO(workbook_of(page, ledger)))


def words_of(book):
    return [str(c.value) for sheet in book for line in sheet.iter_rows() for c in line if c.value is not None]


def same(cell, text):
    """Whether a cell says what the CSV's field says: text as text, a number as that number, empty as empty."""
    if text == "":
        return cell is None
    return as_text(cell) == text if isinstance(cell, str) else cell == float(text)


def require_same_as_csv(sheet, content, names=tables.CHANGE.names):
    lines = list(csv.reader(io.StringIO(content.decode(), newline="")))
    cells = list(sheet.iter_rows(values_only=True))
    assert list(cells[0]) == lines[0] == list(names)
    assert len(cells) == len(lines)
    for line, found in zip(lines[1:], cells[1:], strict=True):
        assert all(same(cell, text) for cell, text in zip(found, line, strict=True)), (line, found)


def test_the_sheets_are_there_with_filters_frozen_panes_and_printed_headings():
    book = opened(page_of())
    assert book.sheetnames == SHEETS
    for name in ("Areas", "Monthly counts", "Target hardening", "Week of action", "Columns"):
        sheet = book[name]
        assert sheet.freeze_panes
        assert sheet.auto_filter.ref
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.paperSize == 9
    assert book["Areas"].freeze_panes == "D2"
    assert book["Areas"].print_title_cols == "$A:$C"


def test_numbers_are_numbers_with_formats_and_rises_and_falls_are_coloured():
    sheet = opened(page_of())["Areas"]
    at = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, at["current_count"]).number_format == "#,##0"
    assert "%" in sheet.cell(2, at["change_pct"]).number_format
    assert sheet.cell(2, at["change_pct"]).data_type == "n"
    rules = [rule for found in sheet.conditional_formatting for rule in found.rules]
    scales = {tuple(float(v.val) for v in rule.colorScale.cfvo) for rule in rules if rule.colorScale}
    assert {tuple(round(cut, 3) for cut in scale) for scale in scales} == {
        (-33.333, 0.0, 50.0),
        (0.667, 1.0, 1.5),
    }
    assert sum(rule.type == "cellIs" for rule in rules) == 2


def test_every_cell_of_the_areas_sheet_is_the_csvs():
    page = page_of(empty=2)
    require_same_as_csv(opened(page)["Areas"], csv_of(page.texts))


@pytest.mark.parametrize("first", ["North", *HOSTILE[:3], "=1+1"])
def test_the_districts_are_those_of_the_csv_of_groups_and_their_columns_are_explained(first):
    page = grouped(page_of(), (first, first, "South", "South"))
    book = opened(page)
    assert book.sheetnames == ["Summary", "Areas", "Districts", *SHEETS[2:]]
    require_same_as_csv(
        book["Districts"], csv_of(texts_of(page.subtotals, tables.GROUPS)), tables.GROUPS.names
    )
    names = ["area_id", "area_name", "group", *tables.CHANGE.names[2:]]
    require_same_as_csv(book["Areas"], csv_of(with_groups(page.texts, page.areas)), names)
    assert book["Areas"].freeze_panes == "E2"
    assert book["Districts"].freeze_panes == "D2"
    assert not any(cell.data_type == "f" for line in book["Districts"].iter_rows() for cell in line)
    described = [line[0] for line in book["Columns"].iter_rows(min_row=2, values_only=True)]
    assert described == [*tables.CHANGE.names, "group", "areas"]


def test_monthly_counts_are_the_counts_tables_and_a_gap_is_empty():
    page = page_of()
    found = list(opened(page)["Monthly counts"].iter_rows(values_only=True))
    assert found[0] == ("area_id", "area_name", "crime_type", "2016-07", "2017-07", "2018-07")
    given = page.monthly.set_index(["area_id", "crime_type", "month"])["n"]
    for area, _, kind, *counts in found[1:]:
        for month, n in zip(found[0][3:], counts, strict=True):
            told = given[area, kind, month]
            assert n is None if pd.isna(told) else n == told
    assert all(line[4] is None for line in found[1:])


def test_the_lists_are_those_of_the_page():
    page = page_of()
    book = opened(page)
    for name, key, listed in (
        ("Target hardening", "hardening", page.hardening_list),
        *((name, kind, page.week_lists[kind]) for kind, name in WEEKS.items()),
    ):
        lines = list(book[name].iter_rows(min_row=2, values_only=True))
        assert [line[0] for line in lines] == [entry.rank for entry in listed]
        assert [line[1] for line in lines] == [page.areas["area_id"].iloc[entry.position] for entry in listed]
        assert [line[4] for line in lines] == [" ".join(page.why(entry, key)) for entry in listed]
        if key == "hardening":
            continue
        for line, entry in zip(lines, listed, strict=True):
            assert pd.isna(entry.top5_share) == (line[10] is None)
            assert line[10] is None or line[10] == pytest.approx(entry.top5_share)


def test_of_few_areas_the_hardening_sheet_has_the_csvs_share_of_draws_too():
    page = page_of()
    change = page.change.assign(
        top5_share=page.change["top5_share"].mask(page.change["hardening_rank"].notna(), 1)
    )
    page = dataclasses.replace(page, change=change)
    assert len(page.areas) <= 5
    lines = list(opened(page)["Target hardening"].iter_rows(min_row=2, values_only=True))
    assert [line[10] for line in lines] == [1] * len(page.areas)


def test_a_list_without_an_area_says_why_and_levels_have_no_note_of_what_was_expected():
    page = page_of()
    unfit = dataclasses.replace(page, warnings=(Notice("unfit-comparator", "Too few crimes."),))
    level = dataclasses.replace(page, baseline=(), level_only=True)
    burglary = page.change["crime_type"] == "burglary"
    unknown = page.change.assign(
        verdict=page.change["verdict"].mask(burglary, "not known"), hardening_rank=float("nan")
    )
    for shown, said in (
        (unfit, "What the neighbourhoods are compared with is no good guide: do not rely on their readings."),
        (
            level,
            "There is no earlier period to compare with, so this page shows levels only: no rise and no fall.",
        ),
    ):
        book = opened(shown)
        for name in WEEKS.values():
            assert [tuple(row) for row in book[name].iter_rows(min_row=2, max_col=5, values_only=True)] == [
                (None, None, None, None, said)
            ]
    assert "Expected is the count" not in " ".join(
        str(cell.value) for (cell,) in opened(level)["Notes"].iter_rows()
    )
    book = opened(dataclasses.replace(page, change=unknown))
    assert book["Target hardening"]["E2"].value == "Burglary is not known, so no area can be ranked."


def test_areas_of_one_name_are_told_apart_on_the_lists_as_on_the_page():
    page = grouped(page_of(), ("North", "South", "South", "South"))
    page = dataclasses.replace(page, areas=page.areas.assign(name="Central"))
    lines = opened(page)["Target hardening"].iter_rows(min_row=2, values_only=True)
    assert [line[2] for line in lines] == [page.names[entry.position] for entry in page.hardening_list]
    assert "Central (North)" in page.names


def test_what_too_few_means_holds_where_nearly_ten_are_shown_as_ten():
    said = "before rounding, fewer than ten were expected"
    assert said in " ".join(words_of(opened(page_of())))
    assert said in " ".join(render(page_of()).split())


def test_the_summary_tells_headline_totals_warnings_and_ledger_and_the_notes_source_and_licence():
    page = dataclasses.replace(page_of(title="Ashtown"), restricted=True)
    book = opened(page, {"rows_read": 12, "counted": 12})
    summary = [value for line in book["Summary"].iter_rows(values_only=True) for value in line]
    assert summary[0] == page.first_words
    for said in ("Something to know.", "Rows read", 12, 120, 95, 25, "Burglary"):
        assert said in summary
    assert any(str(value).startswith("Restricted") for value in summary)
    notes = " ".join(words_of({book["Notes"]}))
    for said in ("followed the other neighbourhoods", "A source.", "Something to know. (a source)", "Data to July 2018",
                 "as about one area in twenty is by chance alone"):  # fmt: skip
        assert said in notes
    described = [line[0] for line in book["Columns"].iter_rows(min_row=2, values_only=True)]
    assert described == tables.CHANGE.names


def test_a_total_that_is_not_known_is_an_empty_cell_and_never_nought():
    page = page_of()
    missing = dict.fromkeys(["baseline_mean", "change_pct", "published_change_pct"])
    totals = {kind: dict(total) | missing for kind, total in page.totals.items()}
    totals["robbery"] |= {"current_count": None}
    levels = dataclasses.replace(page, totals=totals, baseline=(), level_only=True)
    lines = list(opened(levels)["Summary"].iter_rows(values_only=True))
    told = {line[0]: line[1:] for line in lines}
    assert told["Burglary"] == (120, *[None] * 6)
    assert told["Robbery"] == (None,) * 7
    # The crimes are those of a time, also where none is compared with it.
    assert lines[1][0].startswith("July 2018. 4 neighbourhoods.")


def test_the_same_page_gives_the_same_bytes_dated_as_its_data():
    first, second = workbook_of(page_of()), workbook_of(page_of())
    assert first == second
    core = zipfile.ZipFile(io.BytesIO(first)).read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT", core)) == {"2018-07-01T"}


FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://x")',
    "{=1}",
)


TEXTS = (*HOSTILE, *FORMULAS, "http://example.org", "mailto:a@b", "1E2", "&G&P")


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, len(TEXTS), 4))
def test_f49_and_f50_hostile_text_is_text_in_every_sheet(first):
    # Four to a workbook, which takes less than a workbook for each.
    names = (TEXTS[first:] + TEXTS)[:4]
    page = page_of(names=names, ids=names, title=names[0], warning=names[1], street=names[2])
    content = workbook_of(page, {names[3]: 1})
    parts = zipfile.ZipFile(io.BytesIO(content))
    for name in parts.namelist():
        xml = parts.read(name).decode()
        assert "<f>" not in xml
        assert "<hyperlink" not in xml
        assert "<script" not in xml
        assert "<img" not in xml
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert not any(c.data_type == "f" for sheet in book for line in sheet.iter_rows() for c in line)
    found = {line[1] for line in book["Areas"].iter_rows(min_row=2, values_only=True)}
    assert found == {name.replace("\r", "\n") for name in names}
    require_same_as_csv(book["Areas"], csv_of(page.texts))


def test_text_longer_than_a_cell_holds_is_cut_rather_than_lost():
    page = page_of(names=["x" * 40_000, "Birch", "Cedar", "Elm"])
    assert len(opened(page)["Areas"]["B2"].value) == LONGEST


def test_a_place_with_no_months_and_no_warnings_has_a_workbook_too():
    page = dataclasses.replace(
        page_of(), monthly=pd.DataFrame(), warnings=(), definitions=(), current=(), baseline=(), compared=()
    )
    assert opened(page).sheetnames == [name for name in SHEETS if name != "Monthly counts"]


def test_also_takes_commas_and_repeats_and_refuses_what_it_does_not_know(tmp_path):
    periods = {"current": "2018-01", "baseline": "2017-01"}
    assert make_study({**periods, "also": ("xlsx, xlsx", "xlsx")}).also == ("xlsx",)
    with pytest.raises(UsageError, match="'docx'"):
        make_study({**periods, "also": ("xlsx,docx",)})
    (tmp_path / "study.toml").write_text('current = "2018-01"\nbaseline = "2017-01"\nalso = "xlsx,xlsx"\n')
    assert make_study(read_study(tmp_path / "study.toml")).also == ("xlsx",)
