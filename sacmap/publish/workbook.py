"""The workbook beside the page: the same numbers, ready to filter, sort and print.

Text from data is written as text whatever it begins with, and the workbook holds no formula, link or macro.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xlsxwriter

from sacmap import tables
from sacmap.publish.answer import week_lead
from sacmap.publish.csv_json import DECIMALS, data_date

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from sacmap.publish.lists import Listed
    from sacmap.publish.view import View

#: What Excel holds in one cell.
LONGEST = 32_767
#: Columns of the summary, and its characters of ten points, to know how many lines a sentence takes.
ACROSS, LINE = 8, 112
#: Points: of a row of one line, and what Excel allows.
ROW_HEIGHT, HIGHEST = 15.0, 409.0

_MINUS = '"−"'
NUMBER_FORMATS = {
    "count": "#,##0",
    "number": f"#,##0.0;{_MINUS}#,##0.0",
    "signed": f"+#,##0.0;{_MINUS}#,##0.0;0.0",
    "percent": f'+0.0"%";{_MINUS}0.0"%";0.0"%"',
    "share": "0.000",
    "ratio": "0.00",
}
#: Columns whose format is not that of their kind.
_FORMAT_OF = {
    "change": "signed",
    "change_pct": "percent",
    "excess": "signed",
    "ratio": "ratio",
    "ratio_low": "ratio",
    "ratio_high": "ratio",
}
#: Colour scales with the cuts of the map, so that workbooks of different months can be laid side by side.
_SCALES = {"change_pct": (-100 / 3, 0.0, 50.0), "ratio": (2 / 3, 1.0, 3 / 2)}
_FELL, _SAME, _ROSE = "#b2abd2", "#ffffff", "#fdb863"

#: The CSV's columns where the areas have groups.
_GROUPED = tables.Table(
    "Change",
    tables.CHANGE.key,
    (*tables.CHANGE.columns[:2], tables.GROUPS.columns[0], *tables.CHANGE.columns[2:]),
)

METHOD = (
    "Expected is the count an area would have had if it had followed {comparator}. The normal range is where chance "
    "and ordinary ups and downs would put the count 19 times in 20.",
    "Clear rise, clear fall: it stands out even among all areas. Possible: outside its own normal range, as about one "
    "area in twenty is by chance alone. Too few to tell: before rounding, fewer than ten were expected, and no change "
    "is clear. No method finds every true rise.",
    "Ratio is the count over the expected, drawn towards 1 as far as the count is small; excess is the crimes above "
    "the expected that it leaves; level is the likely count in a similar period.",
    "Percentages of small counts jump: rank by excess or level, not by change_pct.",
    "Target hardening follows the level of burglary, which persists. A week of action answers a rise: clear "
    "rises come first, then possible ones, then the rest, each by excess; there is one list for each crime type.",
    "{indicator}",
    "An empty cell is not known: no boundary, no household count, a baseline of zero, or a month that is not complete. "
    "It is never a zero.",
)
#: The same without an earlier period: nothing is expected and no change is shown.
LEVEL_METHOD = (
    "Level is the likely count in a similar period.",
    "Target hardening follows the level of burglary, which persists.",
    *METHOD[-2:],
)
#: What is added where the comparator is no good guide, after the words that say so.
UNJUDGED_CELLS = (
    "So this workbook has no reading, and no figure that follows from the expected; the CSV has them."
)
PROXY = (
    "police.uk's burglary holds shops and sheds as well as homes, and its vehicle crime holds interference, so the "
    "figures are a close proxy of serious acquisitive crime, not the indicator itself."
)
EXACT = (
    "Burglary is residential burglary and vehicle crime is theft of and from motor vehicles, as the force recorded "
    "them: the figures are serious acquisitive crime itself, not a proxy."
)
PARTLY = (
    "The figures are the force's own records, but some offences are missing: the total is not serious acquisitive "
    "crime as a whole."
)


def workbook_of(page: View, ledger: Mapping[str, int] | None = None) -> bytes:
    """Return the workbook (XLSX) of a page. The same page gives the same bytes.

    Sheets: Summary; Areas, with the rows and columns of the CSV; Districts, with subtotals, if there are groups;
    Monthly counts; Target hardening; Week of action, one for each crime type; Notes; Columns. `ledger`: its record.
    """
    stream = io.BytesIO()
    # In memory, the parts have a fixed date. The other options keep text as text, also if it looks like a number.
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        made = data_date(page.current).replace(tzinfo=None)
        book.set_properties({"title": _fit(page.title), "author": "sacmap", "created": made})
        sheets = _Sheets(book, page)
        sheets.summary(ledger or {})
        if "group" in page.areas:
            grouped = page.table.assign(group=np.repeat(page.groups, len(tables.CRIME_TYPES)))
            sheets.table("Areas", _GROUPED, grouped, texts=4)
        else:
            sheets.table("Areas", tables.CHANGE, page.table, texts=3)
        if not page.subtotals.empty:
            sheets.table("Districts", tables.GROUPS, page.subtotals, texts=3)
        if not page.monthly.empty:
            sheets.monthly(page.monthly)
        sheets.ranked("Target hardening", page.hardening_list, "hardening")
        for kind in page.known:
            about = "" if kind == "sac" else f", {tables.IN_WORDS[kind]}"
            sheets.ranked(f"Week of action{about}", page.week_lists[kind], kind)
        sheets.notes()
        sheets.columns()
    return stream.getvalue()


def _fit(text: str) -> str:
    return text[:LONGEST]


class _Sheets:
    """The sheets of one workbook, with the formats they share."""

    def __init__(self, book: Workbook, page: View) -> None:
        self.book, self.page = book, page
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        book.formats[0].set_font_name("Arial")
        book.formats[0].set_font_size(10)

        def made(**more: str | float) -> Format:
            return book.add_format(base | more)

        self.text = made()
        self.wrapped = made(text_wrap=True)
        self.strong = made(bold=True)
        self.title = made(bold=True, font_size=15, text_wrap=True)
        self.section = made(bold=True, font_size=12, font_color="#542788")
        self.warning = made(text_wrap=True, bg_color="#fff6dd")
        heading: dict[str, str | float] = {
            "bold": True,
            "bg_color": "#e9e7e0",
            "bottom": 1,
            "text_wrap": True,
        }
        self.heading = made(**heading)
        self.heading_number = made(**heading, align="right")
        self.number = {kind: made(num_format=code) for kind, code in NUMBER_FORMATS.items()}
        self.rank = made(align="center", num_format="0")
        self.rise = book.add_format({"bg_color": _ROSE, "bold": True})
        self.fall = book.add_format({"bg_color": _FELL, "bold": True})

    def add(self, name: str, *, landscape: bool = True, wide: int = 1) -> Worksheet:
        """Add a sheet that prints on A4, `wide` pages across, with the place and the page number in the footer."""
        sheet = self.book.add_worksheet(name)
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(0.5, 0.5, 0.7, 0.6)
        sheet.fit_to_pages(wide, 0)
        # An ampersand begins a code in a header, such as one for a picture.
        sheet.set_header(f"&L{self.page.title[:80].replace('&', 'and')}&R&A")
        sheet.set_footer("&Rpage &P of &N")
        return sheet

    def head(self, sheet: Worksheet, names: Sequence[str], texts: int, rows: int) -> None:
        """Write headings that stay visible, as do the first `texts` columns; they repeat in print and have filters."""
        for k, name in enumerate(names):
            sheet.write_string(0, k, _fit(name), self.heading if k < texts else self.heading_number)
        sheet.freeze_panes(1, texts)
        sheet.repeat_rows(0)
        sheet.autofilter(0, 0, max(rows, 1), len(names) - 1)

    def paragraph(self, sheet: Worksheet, row: int, text: str, style: Format) -> None:
        """Write a sentence across the summary, in a row that is high enough."""
        sheet.merge_range(row, 0, row, ACROSS - 1, "", style)
        sheet.write_string(row, 0, _fit(text), style)
        size = style.font_size / 10
        sheet.set_row(row, _height(text, LINE / size, size))

    def summary(self, ledger: Mapping[str, int]) -> None:
        """Write the first sheet: headline, totals by crime type, warnings, ledger."""
        page = self.page
        sheet = self.add("Summary")
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, ACROSS - 1, 14)
        self.paragraph(sheet, 0, page.first_words, self.title)
        self.paragraph(sheet, 1, page.periods_in_words, self.wrapped)
        row = 3
        whole = "Whole extract, with no location too" if page.exact else "Whole force, as published"
        names = (
            "Crime type", "Now", "Before (baseline mean)", "Difference", "Change on the map", whole, "Clear rises",
            "Clear falls",
        )  # fmt: skip
        for k, name in enumerate(names):
            sheet.write_string(row, k, name, self.heading if k == 0 else self.heading_number)
        sheet.set_row(row, 2 * ROW_HEIGHT)
        for kind, label in page.labels.items():
            row += 1
            sheet.write_string(row, 0, label, self.strong if kind == "sac" else self.text)
            totals, verdicts = page.totals[kind], page.rows[kind]["verdict"]
            now, before = totals["current_count"], totals["baseline_mean"]
            judged = kind in page.known and not page.level_only and not page.no_fit
            figures: tuple[tuple[float | None, str], ...] = (
                (now, "count"),
                (before, "number"),
                (None if now is None or before is None else now - before, "signed"),
                (totals["change_pct"], "percent"),
                (totals["published_change_pct"], "percent"),
                (int((verdicts == "clear rise").sum()) if judged else None, "count"),
                (int((verdicts == "clear fall").sum()) if judged else None, "count"),
            )
            for k, (value, style) in enumerate(figures, 1):
                self.figure(sheet, row, k, value, self.number[style])
        row += 2
        for banner in page.banners:
            self.paragraph(sheet, row, banner, self.warning)
            row += 2
        if page.warnings:
            sheet.write_string(row, 0, "Before you rely on this", self.section)
            for notice in page.warnings:
                row += 1
                self.paragraph(sheet, row, notice.text, self.warning)
            row += 2
        if ledger:
            sheet.write_string(row, 0, "Every row accounted for", self.section)
            for name, n in ledger.items():
                row += 1
                sheet.write_string(row, 0, name.replace("_", " ").capitalize(), self.text)
                sheet.write_number(row, 1, n, self.number["count"])

    def figure(self, sheet: Worksheet, row: int, column: int, value: float | None, style: Format) -> None:
        """Write a number as in the CSV; nothing if it is missing."""
        if value is not None and not pd.isna(value):
            sheet.write_number(row, column, round(float(value), DECIMALS), style)

    def table(self, name: str, table: tables.Table, frame: pd.DataFrame, *, texts: int) -> None:
        """Write the rows and columns of a CSV; the first `texts` columns stay visible."""
        rows = len(frame)
        sheet = self.add(name, wide=3)
        self.head(sheet, table.names, texts, rows)
        sheet.repeat_columns(0, texts - 1)
        for k, column in enumerate(table.columns):
            values = frame[column.name]
            sheet.set_column(k, k, _width(column, values))
            if column.kind == "text":
                for row, value in enumerate(values, 1):
                    sheet.write_string(row, k, _fit(str(value)), self.text)
                continue
            style = self.number[_FORMAT_OF.get(column.name, column.kind)]
            for row, value in enumerate(values, 1):
                self.figure(sheet, row, k, value, style)
            if column.name in _SCALES and rows:
                sheet.conditional_format(1, k, rows, k, _scale(*_SCALES[column.name]))
        if rows:
            at = table.names.index("verdict")
            for verdict, style in (("clear rise", self.rise), ("clear fall", self.fall)):
                rule = {"type": "cell", "criteria": "==", "value": f'"{verdict}"', "format": style}
                sheet.conditional_format(1, at, rows, at, rule)

    def monthly(self, monthly: pd.DataFrame) -> None:
        """Write a row for each area and crime type, and a column for each month; empty if a month is not complete."""
        page = self.page
        every = sorted(monthly["month"].unique())
        wide = monthly.set_index(["area_id", "crime_type", "month"])["n"].unstack("month")[every]
        names = dict(zip(page.areas["area_id"], page.areas["name"], strict=True))
        keys = [(area, kind) for area in names for kind in tables.CRIME_TYPES]
        values = wide.reindex(keys).to_numpy(float, na_value=float("nan"))
        sheet = self.add("Monthly counts", wide=math.ceil(len(every) / 18))
        self.head(sheet, ["area_id", "area_name", "crime_type", *every], 3, len(keys))
        sheet.repeat_columns(0, 2)
        sheet.set_column(0, 0, _longest(page.areas["area_id"], 9, 20))
        sheet.set_column(1, 1, _longest(page.areas["name"], 12, 36))
        sheet.set_column(2, 2, 13)
        sheet.set_column(3, 2 + len(every), 8.5)
        for row, ((area, kind), series) in enumerate(zip(keys, values, strict=True), 1):
            for k, text in enumerate((area, names[area], kind)):
                sheet.write_string(row, k, _fit(str(text)), self.text)
            for k, n in enumerate(series, 3):
                self.figure(sheet, row, k, n, self.number["count"])

    def ranked(self, name: str, entries: Sequence[Listed], kind: str) -> None:
        """Write one of the lists: ranks, reasons and figures."""
        figures = ("current_count", "expected", "excess", "level", "level_per_1000_households", "top5_share")
        columns = {column.name: column for column in tables.CHANGE.columns}
        rows = self.page.rows["burglary" if kind == "hardening" else kind]
        sheet = self.add(name)
        self.head(sheet, ["place", "area_id", "area_name", "verdict", "reasons", *figures], 5, len(entries))
        for k, width in enumerate((7, 14, 28, 19, 70, *(14 for _ in figures))):
            sheet.set_column(k, k, width)
        sheet.set_row(0, 2 * ROW_HEIGHT)
        if not entries:
            # Otherwise an empty sheet would read as if nothing had risen.
            sheet.write_string(1, 4, self.why_empty(kind), self.wrapped)
        for row, entry in enumerate(entries, 1):
            found = rows.iloc[entry.position]
            sheet.write_number(row, 0, entry.rank, self.rank)
            area_name = self.page.names[entry.position]
            reasons = " ".join(self.page.why(entry, kind))
            for k, text in enumerate((found["area_id"], area_name, found["verdict"], reasons), 1):
                sheet.write_string(row, k, _fit(str(text)), self.wrapped)
            for k, figure in enumerate(figures, 5):
                style = self.number[_FORMAT_OF.get(figure, columns[figure].kind)]
                # A burglary row's own share is that of target hardening, not of the week of action.
                own = figure != "top5_share" or kind == "hardening"
                value = found[figure] if own else entry.top5_share
                self.figure(sheet, row, k, value, style)
            sheet.set_row(row, max(_height(reasons, 80), _height(area_name, 32)))

    def why_empty(self, kind: str) -> str:
        """Return why there is no area on a list."""
        if kind == "hardening":
            known = "burglary" in self.page.known
            return f"{'No' if known else 'Burglary is not known, so no'} area can be ranked."
        return self.page.could_show(kind) if self.page.level_only else week_lead(self.page, kind)

    def notes(self) -> None:
        """Write how to read the figures, what broke the comparison, the source and the licence."""
        page = self.page
        sheet = self.add("Notes", landscape=False)
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 100)
        changes = [f"{found.text} ({found.source})" for found in page.definitions]
        made = f"{page.data_to} Made by sacmap.".strip()
        facts = {
            "comparator": page.follows,
            "indicator": (PARTLY if page.in_part else EXACT) if page.exact else PROXY,
        }
        method = LEVEL_METHOD if page.level_only else METHOD
        sections = (
            (
                "How to read the figures",
                [
                    *(text.format(**facts) for text in method),
                    *([page.by_chance] if page.by_chance else []),
                    *([f"{page.no_fit} {UNJUDGED_CELLS}"] if page.no_fit else []),
                ],
            ),
            ("Changes of definition", changes),
            ("Source and licence", [*page.sources, made]),
        )
        row = 0
        for title, lines in sections:
            if not lines:
                continue
            sheet.write_string(row, 0, title, self.section)
            for line in lines:
                row += 1
                sheet.write_string(row, 0, _fit(line), self.wrapped)
                sheet.set_row(row, _height(line, 112))
            row += 2

    def columns(self) -> None:
        """Write what each column of the Areas sheet and of Districts is, with its unit."""
        columns = [*tables.CHANGE.columns, *(tables.GROUPS.columns[:1] if "group" in self.page.areas else ())]
        if not self.page.subtotals.empty:
            columns += [column for column in tables.GROUPS.columns if column not in columns]
        sheet = self.add("Columns", landscape=False)
        self.head(sheet, ["column", "unit", "meaning"], 3, len(columns))
        for k, width in enumerate((28, 24, 78)):
            sheet.set_column(k, k, width)
        for row, column in enumerate(columns, 1):
            for k, text in enumerate((column.name, column.unit, column.meaning)):
                sheet.write_string(row, k, text, self.wrapped)
            sheet.set_row(row, _height(column.meaning, 90))


def _height(text: str, chars: float, size: float = 1.0) -> float:
    """Return the height of a row for a text wrapped at `chars` a line, because not every program works it out."""
    return min(HIGHEST, ROW_HEIGHT * size * max(1, math.ceil(len(text) / chars)))


def _scale(low: float, middle: float, high: float) -> dict[str, str | float]:
    return {
        "type": "3_color_scale",
        "min_type": "num",
        "mid_type": "num",
        "max_type": "num",
        "min_value": low,
        "mid_value": middle,
        "max_value": high,
        "min_color": _FELL,
        "mid_color": _SAME,
        "max_color": _ROSE,
    }


def _width(column: tables.Column, values: pd.Series) -> float:
    """Return the width of a column, with room for its heading, the filter button and its texts."""
    least = len(column.name) + 4
    return _longest(values, least, 36) if column.kind == "text" else least


def _longest(values: pd.Series, least: int, most: int) -> int:
    return min(most, max(least, *(len(str(value)) + 2 for value in values))) if len(values) else least
