"""The committee's note in Word: what it says, with which figures, and that anyone can read it."""

import io
import json
import re
import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from command_line import command
from conftest import HOSTILE, csv_text, row, write_squares

from sacmap.choose.plan import plan_of
from sacmap.errors import InputError, UsageError
from sacmap.months import in_words
from sacmap.notices import Notice
from sacmap.pipeline import map_study
from sacmap.planning import PlanOptions, plan_study
from sacmap.publish.make_view import page_of
from sacmap.publish.note import note_of
from sacmap.publish.note_parts import Given, Paragraph, Table
from sacmap.publish.note_places import where
from sacmap.publish.tiles import tiles_of
from sacmap.result import OnePoint
from sacmap.routine import BriefOptions, brief_study
from sacmap.study import make_study

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

docx = pytest.importorskip("docx", reason="python-docx is not installed")
YEARS = {"current": "2017-04:2018-03", "baseline": "2016-04:2017-03"}


def texts(document):
    return [paragraph.text for paragraph in document.paragraphs if paragraph.text]


def plain(document):
    """The paragraphs of plain text: no title, heading, caption or line of a list."""
    return [p.text for p in document.paragraphs if p.style.name == "Normal" and p.text]


def headings(document):
    return [p.text for p in document.paragraphs if p.style.name == "Heading 1"]


def cells(table):
    return [[cell.text for cell in line.cells] for line in table.rows]


@pytest.fixture(scope="module")
def northampton(recorded, tmp_path_factory):
    """Northampton's story: the note of 2016/17 → 2017/18 from the Home Office's table alone, and its path."""
    out = tmp_path_factory.mktemp("note") / "maps" / "northamptonshire.html"
    options = BriefOptions(
        home_office=str(recorded), area="Northamptonshire", beside=("England and Wales,Leicestershire",)
    )
    path, code = brief_study(make_study(YEARS, title="Northamptonshire"), out, None, options)
    assert (path.name, code) == ("northamptonshire-brief.docx", 0)
    return path


def test_the_second_paragraph_says_that_the_rise_is_a_change_of_definition(northampton):
    second = plain(docx.Document(northampton))[1]
    assert "“residential burglary” in Northamptonshire rose 27.0%, from 2,959 to 3,758" in second
    assert "the rise is a change of definition" in second
    assert (
        "All burglary, which the change of definition hardly touches, fell 9.3%, from 6,589 to 5,973"
        in second
    )
    assert "do not read it as a rise or a fall" in second
    # A note without a map speaks of none.
    assert "The map" not in " ".join(texts(docx.Document(northampton)))


def test_every_figure_is_that_of_the_table(northampton, recorded):
    table = pd.read_parquet(recorded)
    codes = {
        "Robbery": ["34A", "34B"],
        "Theft from motor vehicles": ["45"],
        "Theft of motor vehicles": ["48", "37.2"],
        "All burglary": ["28A", "28B", "28C", "28D", "29", "28E", "28F", "28G", "28H", "29A",
                         "30A", "30B", "31", "30C", "30D", "31A"],
    }  # fmt: skip
    said = plain(docx.Document(northampton))[1]
    for words, wanted in codes.items():
        mine = table[table["Offence Code"].isin(wanted)]
        of = {
            where: [rows.loc[rows["FY"] == year, "n"].sum() for year in ("2016/17", "2017/18")]
            for where, rows in (("here", mine[mine["Force"] == "Northamptonshire"]), ("all", mine))
        }
        here, nation = (100 * (now - before) / before for before, now in of.values())
        did = [f"{'rose' if change > 0 else 'fell'} {abs(change):.1f}%" for change in (here, nation)]
        counts = f"from {of['here'][0]:,.0f} to {of['here'][1]:,.0f}"
        [sentence] = [one for one in said.split(". ") if one.startswith(words)]
        assert f"{did[0]}, {counts}, where England and Wales {did[1]}" in sentence


def test_the_change_of_definition_stands_beside_the_number_in_the_table(northampton):
    [table] = docx.Document(northampton).tables
    found = {line[0]: line for line in cells(table)}
    header = found["Offences recorded"]
    assert header[1:] == [
        "A year before",
        "Now",
        "Change",
        "Change, England and Wales",
        "Change, Leicestershire",
    ]
    assert found["Residential burglary"][1:4] == ["2,959", "3,758", "+27.0% (not like with like)"]
    assert found["Robbery"] == ["Robbery", "900", "941", "+4.6%", "+30.0%", "+31.0%"]
    assert "(not like with like)" in found["PP06: all that it counts"][3]


def test_whether_it_follows_the_nation_is_answered(northampton):
    said = " ".join(texts(docx.Document(northampton)))
    assert "Does Northamptonshire follow the national trend? No: all burglary, robbery," in said
    assert (
        "did better (rose less or fell more) than in the rest of England and Wales, by more than chance"
        in said
    )
    assert "The place of Northamptonshire among the 2: all burglary, place 2" in said
    assert "there would be about 1,174 now; there are 941, 19.8% fewer (26.9% fewer to 12.1% fewer" in said


def test_what_is_not_given_is_left_out_not_empty(northampton):
    document = docx.Document(northampton)
    assert headings(document) == [
        "What PP06 counts", "What happened", "What the figures cannot say", "Source and licence"
    ]  # fmt: skip
    assert any("“Allowing for chance”" in paragraph.text for paragraph in document.paragraphs)
    for at, paragraph in enumerate(document.paragraphs):
        if paragraph.style.name == "Heading 1":
            assert document.paragraphs[at + 1].text, paragraph.text


def test_it_is_british_titled_a4_and_its_tables_have_header_rows(northampton):
    document = docx.Document(northampton)
    assert document.core_properties.title == "Serious acquisitive crime in Northamptonshire"
    assert document.core_properties.language == "en-GB"
    assert document.core_properties.created.isoformat().startswith("2018-03-01")
    with zipfile.ZipFile(northampton) as package:
        styles = package.read("word/styles.xml").decode()
        body = package.read("word/document.xml").decode()
    assert 'w:lang w:val="en-GB"' in styles
    assert "en-US" not in styles.split("</w:docDefaults>")[0].split("w:val=")[1][:8]
    assert body.count("<w:tblHeader/>") == body.count("<w:tbl>") == 1
    assert "<w:tblCaption" in body
    assert round(document.sections[0].page_width.cm, 1) == 21.0


def test_the_same_input_gives_the_same_bytes_and_an_edited_note_is_not_written_over(northampton, recorded):
    before = northampton.read_bytes()
    page = northampton.with_name("northamptonshire.html")
    options = {
        "home_office": str(recorded), "area": "Northamptonshire", "beside": ("England and Wales,Leicestershire",)
    }  # fmt: skip
    study = make_study(YEARS, title="Northamptonshire")
    with pytest.raises(UsageError, match="someone may have edited it"):
        brief_study(study, page, None, BriefOptions(**options))
    assert northampton.read_bytes() == before
    brief_study(study, page, None, BriefOptions(**options, replace=True))
    assert northampton.read_bytes() == before


def test_across_no_change_of_definition_residential_burglary_is_said_plainly(recorded, tmp_path):
    study = make_study(current="2018-04:2019-03", baseline="2017-04:2018-03", title="Here")
    options = BriefOptions(home_office=str(recorded), area="Northamptonshire")
    path, _ = brief_study(study, tmp_path / "here.html", None, options)
    document = docx.Document(path)
    second = plain(document)[1]
    # Nothing is compared with other areas, so their difference needs no caveat.
    assert not any("llowing for chance" in paragraph.text for paragraph in document.paragraphs)
    assert "Residential burglary " in second
    assert "definition" not in second
    assert "England and Wales" not in second


def test_the_area_is_named_and_two_years_before_is_not_called_a_year(recorded_in, tmp_path):
    study = make_study(current="2020-10:2021-09", baseline="2018-10:2019-09", title="Bristol")
    options = BriefOptions(
        home_office=str(recorded_in("2018/19", "2019/20", "2020/21", "2021/22")),
        area="Avon and Somerset",
        beside=("England and Wales",),
    )
    path, _ = brief_study(study, tmp_path / "bristol.html", None, options)
    document = docx.Document(path)
    assert plain(document)[1].startswith("All burglary in Avon and Somerset fell 35.7%, from 9,613 to 6,179,")
    assert cells(document.tables[0])[0][1] == "Before"
    said = " ".join(texts(document))
    assert "Does Avon and Somerset follow the national trend? Not in all: robbery and theft from a" in said
    assert "all burglary and theft of a motor vehicle moved as there, within chance" in said


# With a map, a plan and its result

PLACES = 24


def town(folder, names):
    wards = [{"id": f"W{n:02}", "name": name, "households": 900 + n} for n, name in enumerate(names)]
    write_squares(folder / "wards.geojson", *wards)
    for month, scale in (("2023-01", 1), ("2023-02", 1), ("2024-01", 1), ("2024-02", 1)):
        rows = [row(month, kind, lon="", lat="") for kind in ("Robbery", "Vehicle crime")]
        for n in range(len(names)):
            count = 60 if n == 3 and month.startswith("2024") else 12 * scale
            place = {"lon": f"{n * 0.01 + 0.005:.6f}", "lat": "52.005000"}
            rows += [row(month, "Burglary", **place, street="On or near Mill Lane") for _ in range(count)]
        where = folder / "crimes" / month
        where.mkdir(parents=True)
        (where / f"{month}-northamptonshire-street.csv").write_text(csv_text(*rows), encoding="utf-8")
    return make_study(
        current="2024-01:2024-02", baseline="2023-01:2023-02", title="Town", crimes=str(folder / "crimes"),
        boundaries=str(folder / "wards.geojson"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study of a town, its plan and what came of it."""
    folder = tmp_path_factory.mktemp("town")
    study = town(folder, [f"Ward {n}" for n in range(PLACES)])
    plan = folder / "plans" / "town.json"
    plan_study(study, plan, PlanOptions(theme="burglary"))
    outcome = {
        "before": ["2023-04", "2023-05"], "after": ["2024-04", "2024-05"], "months_compared": 1,
        "reading": "Target areas: 20 after, 30 before.",
        "counts": {"target": {"W03": {"before": 30, "after": 20}}, "buffer": {}},
        "actions": [{"date": "2024-03-04", "area_id": "W03", "action": "Locks fitted"}],
    }  # fmt: skip
    result = folder / "plans" / "town-result.json"
    result.write_text(json.dumps(outcome), encoding="utf-8")
    return study, plan, result


@pytest.fixture(scope="module")
def note(whole, tmp_path_factory):
    """The note of the town's map, plan and result."""
    study, plan, outcome = whole
    options = BriefOptions(plan=str(plan), outcome=str(outcome))
    path, _ = brief_study(study, tmp_path_factory.mktemp("note") / "town.html", None, options)
    return docx.Document(path)


def test_what_was_done_is_told_with_its_homes_and_how_many_actions_more_there_are(whole, tmp_path):
    study, _, path = whole
    outcome = json.loads(path.read_text(encoding="utf-8"))
    line = {"date": "2024-03-04", "area_id": "W03", "action": "Locks fitted"}
    outcome["actions"] = [line | {"homes": homes} for homes in (40, 1, None)] + 11 * [line]
    path = tmp_path / "town-result.json"
    path.write_text(json.dumps(outcome), encoding="utf-8")
    note, _ = brief_study(study, tmp_path / "town.html", None, BriefOptions(outcome=str(path)))
    told = texts(docx.Document(note))
    first = told.index("What was done:") + 1
    assert [text.partition(": ")[2] for text in told[first : first + 3]] == [
        "Locks fitted, 40 homes.", "Locks fitted, 1 home.", "Locks fitted.",
    ]  # fmt: skip
    assert told[first + 12] == "And 2 more actions."


def test_the_months_left_out_of_a_result_are_told_beside_its_counts(note):
    told = "Counted in 1 of 2 months of April 2024 to May 2024, against April 2023 to May 2023."
    assert told in texts(note)


def test_a_rise_on_one_map_point_is_told_as_that_in_both_of_its_places(practice_result):
    first = practice_result.week[0]
    point = OnePoint("On or near Quay", 13)
    entries = (replace(first, one_point=point), *practice_result.week[1:])
    weeks = {**practice_result.weeks, "sac": entries}
    result = replace(practice_result, weeks=weeks, one_point={"sac": {first.area_id: point}})
    parts = where(Given(study=result.study, place="Here", result=result)).parts
    said = [part.text for part in parts if isinstance(part, Paragraph)]
    assert sum(text.count(", on one map point)") for text in said) == 1
    assert [text for text in said if "Most of the rise lies on one map point (Quay, 13)" in text]


def test_the_note_has_the_areas_and_the_totals_of_the_page(practice_result):
    page = page_of(practice_result)
    parts = where(Given(study=practice_result.study, place="Here", result=practice_result)).parts
    lines = [part.text for part in parts if isinstance(part, Paragraph)]
    found, rest = (
        [page.names[one.position] for one in page.week_lists["sac"] if bool(one.finding) == is_found]
        for is_found in (True, False)
    )
    (told,) = [text for text in lines if text.startswith("Above expected, but not a finding: ")]
    assert all(f"{name} (" in told for name in rest)
    assert told.count("expected)") == len(rest) > 0
    listed = [part for part in parts if isinstance(part, Paragraph) and part.style == "number"]
    numbered = [part.text.split(":")[0] for part in listed]
    homes = [page.names[one.position] for one in page.hardening_list]
    assert numbered == [*found[:5], *homes]
    (totals,) = [part for part in parts if isinstance(part, Table)]
    assert [row[1:] for row in totals.rows] == [(one.before, one.now, one.change) for one in tiles_of(page)]


def test_a_note_without_readings_says_nothing_of_them_and_what_ranks_its_list(practice_result):
    unfit = replace(
        practice_result, warnings=[Notice("unfit-comparator", "The areas have 95% of the crimes.")]
    )

    def text_of(result):
        sections = note_of(Given(study=result.study, place="Here", result=result)).sections
        return " ".join(part.text for one in sections for part in one.parts if isinstance(part, Paragraph))

    assert "A clear rise stands out among all areas." in text_of(practice_result)
    assert "clear rise" not in text_of(unfit)
    assert ", now and before together:" in text_of(unfit)


def test_a_clear_rise_of_a_count_no_higher_than_before_is_told_as_such_in_the_note_too(practice_result):
    change = practice_result.change.copy()
    first = change.index[(change["crime_type"] == "sac") & (change["verdict"] == "clear rise")][0]
    change.loc[first, "baseline_mean"] = change.loc[first, "current_count"]

    def rises_of(result):
        parts = where(Given(study=result.study, place="Here", result=result)).parts
        return next(p.text for p in parts if isinstance(p, Paragraph) and p.text.startswith("Serious"))

    told = rises_of(replace(practice_result, change=change))
    assert told.count(", no higher than before)") == 1
    assert told.replace(", no higher than before", "") == rises_of(practice_result)


def test_totals_that_lack_areas_are_of_the_known_part(practice_result):
    result = replace(practice_result, warnings=[Notice("areas-not-known", "Areas not known: 2 of 30.")])
    parts = where(Given(study=result.study, place="Here", result=result)).parts
    (caption,) = [part.caption for part in parts if isinstance(part, Table)]
    assert caption.startswith(f"Crimes counted in the known part of {len(result.areas)} areas, ")


def test_which_columns_were_taken_and_options_are_no_matter_for_a_committee(practice_result):
    told = [
        Notice("boundary-columns", "Named by WD24NM."),
        Notice("boundary-system", "As you say (--crs Beat (old))."),
    ]
    result = replace(practice_result, warnings=told)
    sections = note_of(Given(study=result.study, place="Here", result=result)).sections
    said = [part.text for one in sections for part in one.parts if isinstance(part, Paragraph)]
    assert "Named by WD24NM." not in said
    assert "As you say." in said


def test_map_plan_and_result_have_their_sections_and_the_figures_of_the_csv(whole, note, tmp_path):
    study, plan, _ = whole
    found = map_study(study, tmp_path / "town.html").result
    assert headings(note) == [
        "What PP06 counts", "Where", "What we will do", "What came of it", "What the figures cannot say",
        "Source and licence",
    ]  # fmt: skip
    said = " ".join(texts(note))
    sac = found.change.set_index(["area_id", "crime_type"]).loc[("W03", "sac")]
    assert f"Ward 3 (120; about {sac['expected']:.0f} expected, normal range" in said
    assert "Clear rises, larger than chance would explain:" in said
    assert "Target areas: 20 after, 30 before." in said
    assert "4 March 2024, Ward 3: Locks fitted." in said
    assert "£10,000" in said
    # The theme is the planner's choice, and it alone is counted.
    assert "and should be about burglary." in said
    assert re.search(r"The areas of the week of action had [\d,]+ burglaries in 2 months", said)
    budget = next(table for table in note.tables if table.rows[0].cells[1].text == "Money")
    spent = [int(line[1].strip("£").replace(",", "")) for line in cells(budget)[1:]]
    assert sum(spent) == json.loads(plan.read_text(encoding="utf-8"))["budget"]["spent"]


def test_the_leading_type_of_a_week_is_not_called_above_the_expected(whole):
    # In areas of the planner's own choice, every type may be below it.
    study, path, _ = whole
    plan = replace(plan_of(path.read_text(encoding="utf-8"), "town.json"), theme="sac")
    sections = note_of(Given(study=study, place="Town", plan=plan)).sections
    said = " ".join(part.text for one in sections for part in one.parts if isinstance(part, Paragraph))
    assert "should be about burglary, which compares worst with the expected there." in said
    assert "above the expected there" not in said


def test_the_map_has_a_text_for_those_who_do_not_see_it(note):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    [shape] = note.inline_shapes
    told = shape._inline.docPr.get("descr")
    assert told.startswith("Map of Town, 24 areas")
    assert "Clear rises: Ward 3." in told
    [picture] = [part for part in note.part.package.iter_parts() if part.partname.endswith(".png")]
    assert picture.blob.startswith(b"\x89PNG")


def test_each_list_counts_from_1(note):
    numbers = [
        paragraph._p.pPr.numPr.numId.val
        for paragraph in note.paragraphs
        if paragraph.style.name == "List Number"
    ]
    assert len(set(numbers)) == 2


def test_a_map_of_a_part_is_not_called_by_the_area_of_the_official_figures(whole, recorded_in, tmp_path):
    study, out = whole[0], tmp_path / "n.docx"
    done = command("brief", "--crimes", *study.crimes, "--boundaries", study.boundaries, "--home-office",
                   recorded_in("2022/23", "2023/24"), "--area-name", "Northamptonshire", "--current",
                   "2024-01:2024-03", "--baseline", "2023-01:2023-03", "--out", out)  # fmt: skip
    assert done.returncode == 3, done.stderr
    said = texts(docx.Document(out))
    assert said[0] == "Serious acquisitive crime in Northamptonshire"
    shown = " ".join(said[said.index("Where") : said.index("What the figures cannot say")])
    assert "ll three types together" in shown
    assert "Northamptonshire" not in shown
    [picture] = docx.Document(out).element.body.iter("{*}docPr")
    assert picture.get("descr").startswith("Map of 24 areas coloured by")


def test_the_areas_of_a_plan_that_the_map_lacks_have_their_names(whole, tmp_path):
    study, plan, _ = whole
    wards = [{"id": f"W{n:02}", "name": f"Ward {n}"} for n in range(6)]
    part = replace(study, boundaries=str(write_squares(tmp_path / "part.geojson", *wards)))
    path, _ = brief_study(part, tmp_path / "town.html", None, BriefOptions(plan=str(plan)))
    said = " ".join(texts(docx.Document(path)))
    assert not re.findall(r"\bW\d\d\b", said)


def test_a_plan_whose_week_of_action_is_not_on_the_map_is_told(whole, tmp_path, capsys):
    study, plan, _ = whole
    elsewhere = [{"id": f"X{n:02}", "name": f"Ward {n}"} for n in range(6)]
    other = replace(study, boundaries=str(write_squares(tmp_path / "other.geojson", *elsewhere)))
    for asked, told in ((study, False), (other, True)):
        brief_study(asked, tmp_path / f"{told}.html", None, BriefOptions(plan=str(plan)))
        assert ("Check that it is the plan of this place" in capsys.readouterr().err) == told


def test_the_data_of_a_note_end_with_those_of_its_result(whole, tmp_path):
    study, plan, outcome = whole
    record = json.loads(outcome.read_text(encoding="utf-8"))
    options = BriefOptions(plan=str(plan), outcome=str(outcome))
    path, _ = brief_study(study, tmp_path / "n.html", None, options)
    last = max(study.current[-1], *record["after"])
    assert f"Data to {in_words(last)}." in " ".join(texts(docx.Document(path)))


def test_hostile_names_are_text_and_break_nothing(tmp_path):
    names = [*HOSTILE, *(f"Ward {n}" for n in range(PLACES - len(HOSTILE)))]
    names[3] = "Ward \x07 & <b>bold</b>"
    study = town(tmp_path, names)
    path, _ = brief_study(study, tmp_path / "maps" / "town.html", None, BriefOptions())
    said = " ".join(texts(docx.Document(path)))
    assert "<b>bold</b>" in said
    assert "\x07" not in said
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as package:
        assert package.testzip() is None
        assert not any(name.endswith((".bin", ".vbaProject")) for name in package.namelist())
        assert b"TargetMode" not in package.read("word/_rels/document.xml.rels")


@pytest.mark.parametrize("current", ["2017-04:2018-03", "latest:12"])
def test_recorded_crime_without_an_earlier_period_is_refused(recorded, tmp_path, current):
    options = BriefOptions(home_office=str(recorded), area="Northamptonshire")
    with pytest.raises(UsageError, match="no earlier period"):
        brief_study(make_study(current=current), tmp_path / "n.html", None, options)


def test_recorded_crime_of_no_area_is_refused_with_the_option_to_give(recorded, tmp_path):
    study = make_study(YEARS, crimes="c.csv", boundaries="b.geojson", title="Here")
    with pytest.raises(UsageError, match="No area was given") as refused:
        brief_study(study, tmp_path / "n.html", None, BriefOptions(home_office=str(recorded)))
    assert "--area-name" in refused.value.remedy


def test_the_result_of_another_plan_is_refused(whole, tmp_path):
    study, plan, outcome = whole
    other = json.loads(outcome.read_text(encoding="utf-8"))
    other["counts"]["target"] = {"elsewhere": other["counts"]["target"]["W03"]}
    (tmp_path / "other.json").write_text(json.dumps(other), encoding="utf-8")
    options = BriefOptions(plan=str(plan), outcome=str(tmp_path / "other.json"))
    with pytest.raises(InputError, match="the result of another plan"):
        brief_study(study, tmp_path / "n.html", None, options)


def test_a_note_of_nothing_says_what_to_give(tmp_path):
    with pytest.raises(UsageError, match="nothing to write about"):
        brief_study(make_study(YEARS, title="Here"), tmp_path / "here.html", None, BriefOptions())
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    study = town(tmp_path, [f"Ward {n}" for n in range(6)])
    with pytest.raises(InputError, match="it has no 'before'"):
        brief_study(study, tmp_path / "h.html", None, BriefOptions(outcome=str(tmp_path / "result.json")))
