"""Small files that grow: each is refused within seconds, with what it holds, and takes no process along."""

import copy
import gzip
import io
import os
import re
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import command
from conftest import crashing, csv_text, row

from sacmap import limits
from sacmap.choose.partnership_files import ACTIONS, read_actions
from sacmap.errors import InputError
from sacmap.fetch.street import read_crimes
from sacmap.files import child_process
from sacmap.files.collisions import require_apart, require_own
from sacmap.files.file_sets import torn_set_message
from sacmap.files.sheets import sheets_of, table_text
from sacmap.files.study_file import read_study
from sacmap.files.text import bytes_of, read_text

pytestmark = pytest.mark.slow

posix = pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes have names on POSIX")
ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
><office:body><office:spreadsheet><table:table table:name="a">
<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="string"
 table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""

MANIFEST = '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def xlsx(path, *cells):
    book = openpyxl.Workbook()
    for cell in cells:
        book.active[cell] = 1
    book.save(path)
    return path


def test_f60_a_cell_in_the_last_row_and_column_is_refused_and_aborts_nothing(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", "A1", "XFD1048576")
    with pytest.raises(InputError, match=r"memory|cells|seconds"):
        list(sheets_of(path))


def test_f60_a_sheet_of_ordinary_size_is_read(tmp_path):
    [sheet] = sheets_of(xlsx(tmp_path / "a.xlsx", "A1", "C70000"))
    assert (len(sheet.rows), len(sheet.rows[0])) == (70_000, 3)


def test_f60_repeated_cells_of_a_sheet_are_refused(tmp_path):
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS)
    with pytest.raises(InputError):
        list(sheets_of(path))


@pytest.mark.parametrize("many", ["1000000000", "&#57;99999999", "9" * 5_000])
def test_f60_a_sheet_that_says_a_text_has_spaces_without_end_is_refused(tmp_path, many):
    path = tmp_path / "a.ods"
    text = re.sub(r' table:number-\w+-repeated="\d+"', "", ODS).replace(
        "<text:p>x", f'<text:p>x<text:s text:c="{many}"/>'
    )
    for content in (text, text.replace(many, "3")):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("content.xml", content)
            archive.writestr("META-INF/manifest.xml", MANIFEST)
        if content == text:
            with pytest.raises(InputError, match="spaces in a row in its texts"):
                list(sheets_of(path))
    assert [sheet.rows for sheet in sheets_of(path)] == [[["x   "]]]


def test_f60_a_table_of_many_rows_in_few_bytes_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    zeros = pa.array(np.zeros(1_000_000, np.int8))
    few = pa.table({f"c{n}": zeros for n in range(50)})
    pq.write_table(few, path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="cells"):
        list(sheets_of(path))


def test_f60_a_list_of_millions_of_lines_in_few_bytes_is_refused_in_each_format(tmp_path):
    lines = limits.LISTED.most + 1
    columns = {"date": "2019-10-07", "area_id": "A", "action": "locks", "homes": "1"}
    pq.write_table(
        pa.table({name: [cell] * lines for name, cell in columns.items()}), tmp_path / "log.parquet"
    )
    text = "\n".join([",".join(columns), *[",".join(columns.values())] * lines])
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text.encode(), 1))
    for path in tmp_path.iterdir():
        assert path.stat().st_size < 1_000_000
        with pytest.raises(InputError, match=r"200,00\d lines; 200,000 are the most"):
            read_actions(table_text(str(path), ACTIONS), str(path))


def test_f60_a_long_sheet_beside_a_list_and_blank_lines_below_it_do_not_count_as_its_lines(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("sacmap.files.sheets.LISTED", limits.Limit(20, "lines", ""))
    book = openpyxl.Workbook()
    book.active.append(ACTIONS)
    book.active.append(["2019-10-07", "A", "locks", 1])
    book.active["F40"] = " "
    addresses = book.create_sheet("Addresses")
    for n in range(30):
        addresses.append([n, "Mill Road"])
    book.save(tmp_path / "log.xlsx")
    path = str(tmp_path / "log.xlsx")
    assert len(read_actions(table_text(path, ACTIONS), path)) == 1


def test_f60_a_text_repeated_without_end_is_refused(tmp_path, monkeypatch):
    # The bound is the sooner reached the lower it is.
    monkeypatch.setattr("sacmap.files.child_process.MEMORY", 3 << 28)
    path = tmp_path / "a.parquet"
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 50_000]))
    pq.write_table(
        pa.table({"a": words.cast(pa.dictionary(pa.int32(), pa.large_string()))}), path, store_schema=False
    )
    assert path.stat().st_size < 1_000_000
    # Windows limits no process's memory, so that there its time may end it.
    in_time = "|not read within" if os.name == "nt" else ""
    with pytest.raises(InputError, match=f"memory|bytes when decoded|damaged{in_time}"):
        list(sheets_of(path))


def test_f60_a_busy_machine_gives_a_table_as_long_as_a_layer(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["x"]}), path)
    # The processor's own time ends what runs without end.
    assert (30 if os.name == "nt" else 4 * limits.SECONDS) <= child_process.WALL
    monkeypatch.setattr(child_process, "WALL", 0)
    with pytest.raises(InputError, match="not read within 0 seconds, perhaps because the computer is busy"):
        list(sheets_of(path))


def test_f60_a_thousand_entries_over_one_body_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2018-10-kent-street.csv", csv_text(*[row() for _ in range(1000)]))
        [first] = archive.filelist
        for n in range(1000):
            other = copy.copy(first)
            other.filename = f"2018-10-force-{n}-street.csv"
            archive.filelist.append(other)
    with pytest.raises(InputError, match="members overlap"):
        read_crimes(path)


def test_a_member_of_a_zip_without_a_name_is_passed_over(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2018-10-kent-street.csv", csv_text(row()))
        archive.writestr("?", "")
        archive.filelist[1].filename = ""
    assert len(read_crimes(path)) == 1


def test_f60_a_zip_of_very_many_entries_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(30):
            archive.writestr(f"{n}.csv", "")
    infos = zipfile.ZipFile(path).infolist()
    limits.require_real_zip(infos, path.stat().st_size, path)
    with pytest.raises(InputError, match="100,000 are the most"):
        limits.require_real_zip(infos * 5_000, path.stat().st_size, path)


def test_f60_what_gzip_packed_has_a_bound(tmp_path):
    path = tmp_path / "a.csv.gz"
    # A file of gzip may be one after the other: what the same megabyte packs to is packed once.
    path.write_bytes(gzip.compress(bytes(1 << 20)) * 300)
    with pytest.raises(InputError, match="inflate"):
        read_text(str(path))


def read_as_households(path):
    from sacmap.areas.households import read_households

    read_households(path)


def read_as_context(path):
    from sacmap.areas.context import read_context

    read_context([str(path)], (0, 0, 1, 1))


@posix
@pytest.mark.parametrize(
    "read",
    [
        bytes_of,
        read_study,
        lambda path: read_text(str(path)),
        read_crimes,
        read_as_households,
        read_as_context,
    ],
)
def test_f60_a_device_or_a_pipe_without_end_is_no_file(tmp_path, read):
    with pytest.raises(InputError, match="no plain file"):
        read(Path("/dev/zero"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def refused():
        with pytest.raises(InputError):
            read(pipe)

    assert ends(refused)


@posix
def test_f60_a_pipe_in_a_folder_of_crimes_is_passed_over(tmp_path):
    (tmp_path / "2024-01-a-street.csv").write_text(csv_text(row("2024-01")))
    os.mkfifo(tmp_path / "2024-02-a-street.csv")
    assert ends(lambda: require_apart([tmp_path.parent / "a.html"], [tmp_path]))
    assert ends(lambda: read_crimes(tmp_path))


@posix
@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.unfinished.txt"])
def test_f60_a_pipe_beside_a_page_is_not_waited_for(tmp_path, name):
    page = tmp_path / "a.html"
    os.mkfifo(tmp_path / name)
    assert ends(lambda: torn_set_message(page, wait=lambda _: None))
    assert ends(lambda: require_own(page, [tmp_path / "a.csv"]))


def ends(task):
    """Whether a task ends of its own accord."""
    ended = []
    asking = threading.Thread(target=lambda: (task(), ended.append(True)), daemon=True)
    asking.start()
    asking.join(10)
    return bool(ended)


def test_f60_a_study_larger_than_any_is_refused(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * (limits.SETTINGS.most + 1))
    with pytest.raises(InputError, match="are the most"):
        read_study(path)


@pytest.mark.parametrize("bound", [one for one in vars(limits).values() if isinstance(one, limits.Limit)])
def test_f60_each_bound_says_what_there_is_and_what_to_do(bound):
    bound.require(bound.most, "a.csv")
    with pytest.raises(InputError, match="are the most") as told:
        bound.require(bound.most + 1, "a.csv")
    assert told.value.remedy


@posix
def test_f60_the_command_refuses_it_too_with_two_lines(tmp_path):
    xlsx(tmp_path / "a.xlsx", "A1", "XFD1048576")
    words = ["reconcile", "--home-office", "a.xlsx", "--area-name", "Kent", "--current", "2018-01:2018-12",
             "--baseline", "2017-01:2017-12", "--out", "x.csv"]  # fmt: skip
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert not (tmp_path / "x.csv").exists()


def test_f60_an_overlap_hidden_from_the_names_is_seen_by_the_bytes():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "x" * 1000)
        archive.writestr("b.csv", "y" * 1000)
    infos = zipfile.ZipFile(out).infolist()
    limits.require_real_zip(infos, len(out.getvalue()), "a.zip")
    infos[0].compress_size += 2000
    with pytest.raises(InputError, match="members overlap"):
        limits.require_real_zip(infos, len(out.getvalue()), "a.zip")


@posix
def test_a_reader_that_crashes_once_by_chance_is_asked_again(tmp_path, monkeypatch):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), path)
    crashing(tmp_path, monkeypatch, 1)
    (sheet,) = sheets_of(path)
    assert sheet.rows == [["a"], [1], [2]]


@posix
@pytest.mark.parametrize("ending", ["parquet", "xlsx"])
def test_a_file_that_crashes_its_reader_twice_is_refused_and_not_read_here(tmp_path, monkeypatch, ending):
    path = tmp_path / f"table.{ending}"
    if ending == "parquet":
        pq.write_table(pa.table({"a": [1, 2]}), path)
    else:
        xlsx(path, "A1")
    crashing(tmp_path, monkeypatch, 2)
    with pytest.raises(InputError, match="damaged"):
        list(sheets_of(path))
