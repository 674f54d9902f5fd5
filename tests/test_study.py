import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacmap import months
from sacmap.choose.hardening import read_prices
from sacmap.errors import InputError, UsageError
from sacmap.files.study_file import read_study
from sacmap.files.text import parse_json, parse_toml
from sacmap.limits import SETTINGS
from sacmap.months import baseline_periods, spans
from sacmap.study import make_study


def test_a_three_year_baseline_is_three_periods():
    study = make_study({"current": "2017-04:2018-03", "baseline": "2014-04:2017-03"})
    assert [period[0] for period in study.baseline] == ["2014-04", "2015-04", "2016-04"]
    assert all(len(period) == 12 for period in study.baseline)


def test_two_julys_are_two_periods_of_one_month():
    for written in ("2016-07,2017-07", "2016-07:2017-07", ["2016-07", "2017-07"], ["2017-07", "2016-07"]):
        study = make_study({"current": "2018-07", "baseline": written})
        assert study.baseline == (("2016-07",), ("2017-07",))


def test_periods_that_join_are_named_as_one_span_and_others_each():
    assert months.spans_in_words((("2016-07",), ("2017-07",))) == "July 2016 and July 2017"
    assert months.spans_in_words(
        (("2016-10", "2016-11"), ("2017-10", "2017-11"), ("2018-10", "2018-11"))
    ) == ("October 2016 to November 2016, October 2017 to November 2017 and October 2018 to November 2018")
    years = baseline_periods(spans("2017-04:2018-03")[0], spans("2014-04:2017-03"))
    assert months.spans_in_words(years) == "April 2014 to March 2017"


@pytest.mark.parametrize(
    "baseline",
    [
        "2016-04:2018-03",
        "2017-03:2018-02",
        "2017-04:2018-03",
        "2018-04:2019-03",
        "2015-05:2016-04",
        "2015-04:2016-02",
    ],
)
def test_f39_an_overlap_or_unlike_months_is_a_usage_error_with_the_right_span(baseline):
    with pytest.raises(UsageError) as caught:
        make_study({"current": "2017-04:2018-03", "baseline": baseline})
    assert "--baseline 2016-04:2017-03" in caught.value.remedy


def test_f39_a_month_that_two_spans_of_the_baseline_hold_would_count_twice():
    spans_given = ["2015-04:2017-03", "2016-04:2017-03"]
    with pytest.raises(UsageError, match="overlap one another"):
        make_study({"current": "2017-04:2018-03", "baseline": spans_given})


@given(st.integers(2010 * 12, 2020 * 12), st.integers(1, 30), st.integers(1, 4))
def test_the_suggested_span_is_always_accepted(first, length, count):
    current = tuple(months.label(first + m) for m in range(length))
    step = 12 * -(-length // 12)
    span = f"{months.shift(current[0], -step * count)}:{months.shift(current[-1], -step)}"
    periods = baseline_periods(current, spans(span))
    assert len(periods) == count
    assert all([m[5:] for m in period] == [m[5:] for m in current] for period in periods)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"crs": 27700}, "The crs must be text, not 27700."),
        ({"group_column": ("LAD", "ward")}, "The group_column must be text, not ('LAD', 'ward')."),
        ({"within": 5}, "The within must be text, not 5."),
        ({"within": [None]}, "The within must be text, not None."),
        ({"crimes": ["a.zip", 3]}, "The crimes must be text, not 3."),
        ({"baseline": ["2017-07", 3]}, "3 is not a period."),
        ({"suppress_small": "yes"}, "The suppress_small must be True or False, not 'yes'."),
    ],
)
def test_a_value_of_another_type_is_refused_at_once(given, said):
    with pytest.raises(UsageError) as refused:
        make_study({"current": "2018-07", "baseline": "2017-07", **given})
    assert refused.value.cause == said


def test_a_study_file_gives_options_with_paths_beside_it(tmp_path):
    file = tmp_path / "town.toml"
    file.write_text(
        'current = "2018-07"\nbaseline = ["2017-07"]\ncrimes = "c.zip"\nid-column = "WD13CD"\nfrom = "api"\n'
    )
    options = read_study(file)
    assert options["crimes"] == (str(tmp_path / "c.zip"),)
    assert options["id_column"] == "WD13CD"
    assert options["source"] == "api"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("currant = '2018-07'", UsageError, "unknown key 'currant'"),
        ("offline = 'yes'", UsageError, "true or false"),
        ("current = 2018", UsageError, "text in quotes"),
        ("current = ", InputError, "not TOML"),
        ("current = " + "1" * 5_000, InputError, "not TOML: it has a number with thousands of digits"),
        ("current = 0x" + "f" * 5_000, InputError, "not TOML: it has a number with thousands of digits"),
        ("current = " + "[" * 5_000, InputError, "not TOML: it is nested too deeply"),
    ],
)
def test_a_bad_study_file_says_what_is_wrong(tmp_path, text, error, words):
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(error, match=words):
        read_study(file)


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("currant", "Did you mean current?"),
        ("id", "Did you mean id-column?"),
        ("columns", "Write columns below a line [extract], at the end of the study file."),
        ("zzz", "The main ones are current, baseline, crimes, boundaries, force, comparator, title; "
         "`sacmap map --help` lists all."),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_with_the_one_that_is_meant_or_its_table_or_the_main_ones(
    tmp_path, key, remedy
):
    (tmp_path / "a.toml").write_text(f"{key} = 'x'")
    with pytest.raises(UsageError) as told:
        read_study(tmp_path / "a.toml")
    assert told.value.remedy == remedy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crimes.zip", b""),
        ("Wards.GeoJSON", b""),
        ("wards.json", b'\xef\xbb\xbf {"type": "Topology"}'),
        ("wards.kmz", b"PK\3\4\n\0"),
        ("wards.tab", b"!table\n"),
        ("wards.gml", b"<?xml version='1.0'?>"),
    ],
)
def test_crimes_or_areas_given_as_the_study_are_told_by_which_option_to_give_them(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=f"{name} is no study") as told:
        read_study(tmp_path / name)
    assert told.value.remedy == "Give crimes with --crimes, and areas with --boundaries."


def test_half_a_character_in_json_is_told_in_plain_words():
    with pytest.raises(ValueError, match="it has half a character in it"):
        parse_json(r'{"title": "\ud800"}')


@pytest.mark.parametrize("key", ["a", '"a\\" . b"', "' a.'", "a \t"])
def test_f60_a_key_of_thousands_of_parts_is_refused_before_it_is_read(key, monkeypatch):
    # 40,000 parts, 80 kB, took more than six gigabytes.
    monkeypatch.setattr("tomllib.loads", lambda _: pytest.fail("it was read"))
    for text in (
        ".".join([key] * 500) + " = 1",
        f"[{'.'.join([key] * 500)}]",
        f"x = {{ y = 1, {'.'.join([key] * 60)} = 1 }}",
    ):
        with pytest.raises(ValueError, match="nested too deeply"):
            parse_toml(text)


def test_f60_a_long_price_list_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("tomllib.loads", lambda _: pytest.fail("it was read"))
    with pytest.raises(InputError, match="longer than anyone writes"):
        read_prices("#" * (SETTINGS.most + 1))


def test_dots_in_texts_paths_and_comments_of_a_study_are_no_keys():
    paths = ", ".join(f'"../data/2019.{n}/2019-01.street.csv"' for n in range(400))
    text = f"# {'.' * 90} {'. ' * 90}\ntitle = 'A {'...' * 60} B. {'C. ' * 40}'\ncrimes = [{paths}]\n"
    assert len(parse_toml(text)["crimes"]) == 400


@pytest.mark.parametrize("text", ["2024-1", "Feb-25", "2024-13", "", "2024-02:2024-01"])
def test_f25_a_bad_month_is_refused(text):
    with pytest.raises(UsageError):
        months.span(text)


@pytest.mark.parametrize("option", ["boundaries", "households", "context", "comparator", "out"])
def test_an_address_is_told_as_one_and_not_as_a_file_that_is_not_there(option):
    address = "https://example.org/x.csv"
    with pytest.raises(UsageError, match=f"The {option}, {address}, is an address, not a file.\nDownload it"):
        make_study(**{"current": "2019-01", option: address})


@pytest.mark.parametrize("option", ["title", "force", "within"])
def test_a_blank_text_is_refused_and_not_taken_for_a_name(option):
    with pytest.raises(UsageError, match=f"The {option} is blank"):
        make_study({"current": "2024-04:2025-03", option: "  "})


@pytest.mark.parametrize("line", ["title: Leeds", "title = Leeds", 'title: "Leeds"'])
def test_the_line_to_write_has_its_text_in_quotes_at_once(tmp_path, line):
    (tmp_path / "study.toml").write_text(f"{line}\n")
    with pytest.raises(InputError) as refused:
        read_study(tmp_path / "study.toml")
    assert refused.value.remedy == 'Write title = "Leeds"'


@pytest.mark.parametrize("line", ['title\xa0=\xa0"Leeds"', '\u200btitle = "Leeds"', '\xa0title = "Leeds"'])
def test_spaces_that_do_not_break_are_told_with_the_line_to_write(tmp_path, line):
    (tmp_path / "study.toml").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1 has a space that does not break") as refused:
        read_study(tmp_path / "study.toml")
    assert refused.value.remedy == 'Write title = "Leeds"'


def test_months_may_have_the_dashes_of_a_word_processor():
    assert make_study({"current": "2018\u201104:2019\u201303"}).current == spans("2018-04:2019-03")[0]
