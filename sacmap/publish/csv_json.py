"""The CSV and the JSON record beside the page, with identical numbers in each; and the names and the date of files."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sacmap import tables
from sacmap.files.write import windows_allows
from sacmap.measure.counts import monthly_totals
from sacmap.notices import Notice
from sacmap.study import Study

if TYPE_CHECKING:
    from sacmap.result import Result

#: Decimals of every number that is not a count.
DECIMALS = 6
#: What starts a formula in some spreadsheet; the wide forms do in Japanese and Chinese ones.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def csv_of(texts: Mapping[str, Sequence[str]]) -> bytes:
    """Return a table as UTF-8 CSV, of its columns as `texts_of` writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(texts)
    writer.writerows(zip(*texts.values(), strict=True))
    return out.getvalue().encode()


def texts_of(rows: pd.DataFrame, table: tables.Table = tables.CHANGE) -> dict[str, list[str]]:
    """Return a table's columns in text: counts whole, other numbers to six decimals, empty where missing."""
    return {column.name: column_texts(rows[column.name], column) for column in table.columns}


def with_groups(texts: Mapping[str, Sequence[str]], areas: pd.DataFrame) -> dict[str, Sequence[str]]:
    """Return the columns of the CSV with the areas' groups after their names, where there are any.

    The columns hold a row for each crime type of each area, in the order of the areas.
    """
    if "group" not in areas:
        return dict(texts)
    groups = [as_text(str(name)) for name in areas["group"].fillna("") for _ in tables.CRIME_TYPES]
    placed = list(texts.items())
    after = [name for name, _ in placed].index("area_name") + 1
    return dict([*placed[:after], ("group", groups), *placed[after:]])


def groups_path(page: Path) -> Path:
    """Return where the subtotals by group go: maps/NAME-groups.csv beside maps/NAME.html."""
    return page.with_name(f"{page.stem}-groups.csv")


def dated(page: Path, study: Study) -> Path:
    """Return where the page of a study goes: of rolling periods, with the month they run to in its name.

    So that next month's map lies beside this month's and never in its place.
    """
    if study.rolling is None or not study.current:
        return page
    return page.with_name(f"{page.stem}-{study.current[-1]}{page.suffix}")


def column_texts(values: pd.Series, column: tables.Column) -> list[str]:
    """Return a column as the CSV has it."""
    if column.kind in {"text", "month"}:
        given = values.to_numpy(object).tolist()
        shown = {value: as_text(str(value)) for value in set(given)}
        return [shown[value] for value in given]
    return number_texts(values.to_numpy(float, na_value=np.nan))


def as_text(text: str) -> str:
    """Return text that a spreadsheet shows and never runs: a leading = + - @ or tab gets an apostrophe.

    NUL, with which a file is no text to any reader, becomes the sign that the page shows for it.
    """
    text = text.replace("\0", "\ufffd")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def number_texts(values: NDArray[np.float64]) -> list[str]:
    """Return numbers to six decimals without trailing zeros, "" for none: 3 → "3", 2.5 → "2.5", −0.0 → "0"."""
    there = np.isfinite(values)
    exact = pa.array(values, mask=~there).cast(pa.decimal128(38, DECIMALS)).cast(pa.string())
    texts = pc.utf8_rtrim(pc.utf8_rtrim(exact, "0"), ".").fill_null("")
    return list(texts.to_numpy(zero_copy_only=False))


def record_of(result: Result, version: str, more: Sequence[Notice] = ()) -> bytes:
    """Return the JSON record of a result, as the contract states, with the notices about its files."""
    said = next((said for said in result.how_sure.values() if said), ())
    how_sure = [Notice("how-sure", text) for text in said]
    notices = (*result.warnings, *how_sure, *more)
    record = {
        "sacmap": version,
        "study": result.study.record(),
        "inputs": [{**entry, "path": result.study.shown(str(entry["path"]))} for entry in result.inputs],
        "ledger": result.ledger.record(),
        # Months the study does not compare are not gaps of it.
        "coverage": result.coverage[result.coverage["month"].isin(result.study.months)].to_dict("records"),
        "comparator": {
            **result.comparator_changes["sac"],
            "name": result.comparator.name or result.study.shown(result.study.comparator),
        },
        "totals": result.totals,
        "monthly": monthly_totals(result.monthly, result.study.months),
        "definitions": [asdict(found) for found in result.definitions],
        "warnings": [asdict(notice) for notice in notices],
        "exit_code": result.exit_code,
    }
    return json_of(record)


def json_of(record: Mapping[str, object]) -> bytes:
    """Return a record as JSON a person can read: numbers to six decimals, missing as null."""
    return (json.dumps(plain(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def data_date(current: Sequence[str]) -> datetime:
    """Return the date files are stamped with: the first day of the last month of the data, never today's."""
    year, month = map(int, current[-1].split("-")) if current else (2000, 1)
    return datetime(year, month, 1, tzinfo=UTC)


def file_stem(name: str) -> str:
    """Return a name as the stem of a file on any system: "Northampton (2018)" → northampton-2018."""
    # Systems allow 255 bytes of a name, and ours get an ending and, while written, a longer one.
    short = re.sub(r"[^\w]+", "-", name.lower()).encode(errors="ignore")[:120].decode(errors="ignore")
    stem = short[:80].strip("-") or "map"
    return stem if windows_allows(stem) else f"{stem}-map"


def plain(value: object) -> object:
    """Return a value that JSON can hold: numbers rounded to six decimals, missing values as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        # A path can contain half a character, which a text file cannot: it is escaped.
        return value.encode(errors="backslashreplace").decode()
    if value is None or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    return value
