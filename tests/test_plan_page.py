"""The page of a plan and of what came of it: outlines, money, actions, hostile text, and one printed sheet."""

from dataclasses import replace

import numpy as np
import pytest
from builders import plan_of_four
from conftest import HOSTILE, Opened, axe_of, grouped, page_of, visiting

from sacmap.choose.effect import wdd
from sacmap.choose.evaluate import Group, Outcome
from sacmap.choose.outcome_words import reading_of
from sacmap.choose.partnership_files import Action
from sacmap.months import day_in_words
from sacmap.notices import Notice
from sacmap.publish.outcome_view import result_view
from sacmap.publish.page import render
from sacmap.publish.plan_view import plan_view


def outcome_of_four(page, action="Locks fitted"):
    a, b, c, d = (str(area) for area in page.areas["area_id"])

    def group(area, before, after):
        return Group(
            (area,), np.array([before]), np.array([after]), np.array([before - 5.0]), np.ones(1), np.zeros(1)
        )

    net = wdd((55, 30), (15, 16))
    return Outcome(
        groups={
            "target": group(a, 60.0, 30.0),
            "buffer": group(b, 41.0, 40.0),
            "control": group(c, 15.0, 16.0),
            "buffer_control": group(d, 4.0, 4.0),
        },
        weighted_control=group(c, 15.0, 16.0), wdd_settled=net, nearest=net, widening=1.1,
        wdd=net, wdq=None, tne=None, rate_ratio=None, placebo_rank=1, placebos=2, net=net, displacement=None,
        months_before=(),
        verdict="clear fall", reading="It fell.", volatility=0.02,
        actions=(Action("2018-07-04", a, action, 12), Action("2018-07-05", b, action, None)),
        warnings=(Notice("plan-unchecked", "It cannot be checked."),),
    )  # fmt: skip


def counted_as(outcome, side, before, after):
    """The outcome with other counts of one side."""
    counted = replace(outcome.groups[side], before=np.array([before]), after=np.array([after]))
    return replace(outcome, groups={**outcome.groups, side: counted})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A function that writes a page."""

    def write(page):
        path = tmp_path_factory.mktemp("plan") / "page.html"
        path.write_text(render(page), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def planned(written):
    """The page of a plan."""
    page = page_of()
    return written(replace(page, plan=plan_view(plan_of_four(page), page)))


@pytest.fixture(scope="module")
def judged(written):
    """The page of what came of it."""
    page = page_of()
    return written(replace(page, plan=result_view(plan_of_four(page), outcome_of_four(page), page)))


@pytest.fixture(scope="module")
def visited(chromium, planned, judged):
    """Two functions, by the page's name, that bring it, opened once, to a state: see `visiting`."""
    paths = {"planned": planned, "judged": judged}
    pages = {name: Opened(chromium, path) for name, path in paths.items()}
    yield {name: visiting(page, paths[name]) for name, page in pages.items()}
    for page in pages.values():
        page.context.close()


def part_of(key, plan, page):
    """What the page of a plan says of its money, its week of action, or how it will be judged."""
    return next(one for one in plan_view(plan, page).sections if one.key == key)


def test_the_days_of_an_action_are_on_the_page_of_its_plan():
    page = page_of()
    plan = plan_of_four(page)
    fixed = replace(plan, week=plan.week | {"action": ["2021-11-01", "2021-11-14"]})
    shown = plan_view(fixed, page)
    assert shown.fixed.endswith("; action 1 November 2021 to 14 November 2021")
    week = next(section for section in shown.sections if section.key == "week")
    assert "1 November 2021 to 14 November 2021" in week.said[0]
    assert any(" was visited before, 2018-06-01 to 2018-06-07: " in detail for detail in week.details)


def test_a_set_of_areas_that_comes_first_once_in_100_comes_first_1_time():
    page = page_of()
    plan = plan_of_four(page)
    seldom = plan.week | {"alternatives": [one | {"best_share": 0.01} for one in plan.week["alternatives"]]}
    week = part_of("week", replace(plan, week=seldom), page)
    assert week.said[0].endswith("first 1 time in 100.")
    assert {line[2] for line in week.tables[0].rows} == {"1 time in 100"}


def test_the_bar_of_the_smallest_fall_asks_for_no_more_crimes_than_there_were():
    page = page_of()
    plan = plan_of_four(page)
    before, level = (sum(n[area] for area in plan.week["target"]) for n in (plan.before, plan.level))
    most = int(min(before, level))

    def ends(fall):
        return part_of("judged", replace(plan, smallest_detectable_fall=fall), page).figure

    assert f"about {most:,} fewer: the smallest fall that would show" in ends(most)
    assert "fewer" not in ends(most + 1)
    assert "no fall of these would show" in ends(most + 1)


def test_the_tables_of_a_plan_tell_areas_of_one_name_apart_and_repeat_no_only_district():
    page = grouped(page_of(names=("Central", "Central", "Central", "Central")), ("North",) * 4)
    shown = plan_view(plan_of_four(page), page)
    money, week = (next(one for one in shown.sections if one.key == key) for key in ("money", "week"))
    assert {line[0] for line in money.tables[0].rows} <= {f"Central (A{n})" for n in range(4)}
    assert {row.where for row in (*money.rows, *week.rows)} <= {f"A{n}" for n in range(4)}


def test_an_earlier_visit_without_days_is_told_without_them():
    page = page_of()
    plan = plan_of_four(page)
    [visit] = plan.week["visited"]
    undated = plan.week | {"visited": [visit | {"since": "", "until": "", "action": "leaflets"}]}
    week = part_of("week", replace(plan, week=undated), page)
    assert any(detail.endswith(" was visited before: leaflets.") for detail in week.details)


def test_less_than_one_burglary_is_only_certain_where_its_range_ends_below_one():
    page = page_of()
    plan = plan_of_four(page)

    def said(high, **more):
        prevented = {"low": 0.0, "mid": 0.5, "high": high}
        return part_of(
            "money", replace(plan, budget=plan.budget | {"prevented": prevented} | more), page
        ).said[0]

    assert said(0.9).startswith("Spread thin, it prevents under one burglary a year")
    assert said(1.2).startswith("Spread thin, it probably prevents under one burglary a year")
    # At a usual rate, where the areas' own is not known, nothing is certain.
    unknown = said(0.9, prevented=None, rate_is_known=False)
    assert unknown.startswith("Spread thin, it probably prevents under one burglary a year")


def test_what_the_money_prevents_is_one_figure_in_the_block_its_bars_and_its_details():
    page = page_of()
    prevented = {"low": 0.0, "mid": 1.86, "high": 4.58}
    plan = plan_of_four(page, prevented=prevented)
    shown = part_of("money", plan, page)
    assert shown.said == ("Spread over the areas it prevents about 1.9 burglaries a year.",)
    assert "that prevents 0 to 4.6 burglaries a year, probably about 1.9" in shown.details[0]
    assert "spread over the areas 0 to 4.6 a year; only homes burgled lately 0 to 18" in shown.figure


def test_of_homes_at_more_risk_block_and_details_say_what_the_plan_counts_and_how_much_more_risk():
    page = page_of()
    prevented = {"low": 1.7, "mid": 3.4, "high": 6.8}
    plan = plan_of_four(page, prevented=prevented)
    plan = replace(plan, budget=plan.budget | {"multiplier": 2.0})
    shown = part_of("money", plan, page)
    assert shown.said == ("At homes with 2 times the areas' risk it prevents about 3.4 burglaries a year.",)
    said = "At homes with 2 times the areas' risk, that prevents 1.7 to 6.8 burglaries a year, probably about 3.4."
    assert said in shown.details[0]
    assert "Spread over the areas" not in shown.details[0]
    # What comes of the same homes without that risk stands beside it, by its name.
    assert "spread over the areas 0.85 to 3.4 a year; only homes burgled lately 3.4 to 14" in shown.figure


def test_the_burglaries_beside_the_money_are_those_that_it_follows():
    page = page_of()
    area = str(page.areas["area_id"].iloc[1])
    here = (page.change["area_id"] == area) & (page.change["crime_type"] == "burglary")
    page = replace(page, change=page.change.assign(level=page.change["level"].mask(here, 33.4)))
    shown = part_of("money", plan_of_four(page), page)
    assert shown.head[-1] == "likely"
    assert [one.figures for one in shown.rows] == [("66", "£9,900", "33")]


def test_what_the_money_could_buy_is_in_whole_homes_as_what_it_buys_and_prevents_what_these_prevent():
    page = page_of()
    plan = plan_of_four(page)
    # £170 buys one home and 13% of another.
    [measure] = plan.budget["reaches"]
    spread, lately = {"low": 0.0, "mid": 1.7, "high": 3.4}, {"low": 0.0, "mid": 6.8, "high": 13.6}
    made = measure | {"homes": 170 / 150, "spread": spread, "lately_burgled": lately}
    plan = replace(plan, budget=plan.budget | {"reaches": [made]})
    buys = part_of("money", plan, page).tables[1]
    assert buys.heading == "What it could buy"
    assert buys.rows[0] == ("Locks, £150 a home", "1", "0 to 3.0, about 1.5", "0 to 12, about 6.0")


def test_what_the_money_cannot_buy_prevents_nothing():
    page = page_of()
    plan = plan_of_four(page)
    dear = [one | {"homes": 0.9} for one in plan.budget["reaches"]]
    shown = part_of("money", replace(plan, budget=plan.budget | {"reaches": dear}), page)
    assert [table.heading for table in shown.tables] == ["Where it goes"]


@pytest.mark.parametrize(
    ("target", "though"), [(["A0"], "not a clear rise"), (["A0", "A1"], "none of them rose clearly")]
)
def test_a_plan_s_headline_says_no_more_than_that_the_areas_chosen_did_not_rise_clearly(target, though):
    page = page_of()
    plan = plan_of_four(page)
    calm = replace(page, change=page.change.assign(verdict="within normal range"))
    said = plan_view(replace(plan, week=plan.week | {"target": target}), calm).headline.second
    assert said.endswith(f" expected; {though}.")


def test_a_clear_rise_that_the_week_of_action_leaves_out_is_named_beside_it():
    page = page_of()
    plan = plan_of_four(page)
    rows = page.rows[plan.theme]
    here = page.change["area_id"].isin(plan.week["target"]) | (page.change["crime_type"] != plan.theme)
    change = page.change.assign(verdict=page.change["verdict"].where(here, "clear rise"))
    others = replace(page, change=change)
    why = {"code": "clear-rise-elsewhere", "text": "Risen clearly but not chosen: some. Because."}
    told = replace(plan, warnings=[*plan.warnings, why])
    week = part_of("week", told, others)
    names = [
        name
        for area, name in zip(rows["area_id"], page.names, strict=True)
        if area not in plan.week["target"]
    ]
    assert f" Risen clearly but not chosen: {names[0]}" in week.said[0]
    assert "Because." in " ".join(week.details)
    silent = part_of("week", plan, others)
    assert "Risen clearly" not in silent.said[0]


def test_where_the_comparator_is_no_guide_a_plan_calls_no_choice_firm_and_shows_no_expected_count():
    page = page_of()
    plan = plan_of_four(page)
    unfit = replace(page, warnings=[Notice("unfit-comparator", "The areas have 95% of the force's crimes.")])
    why = {"code": "no-guide", "text": "It is no good guide. Plan again (--comparator areas)."}
    shown = plan_view(replace(plan, warnings=[*plan.warnings, why]), unfit)
    week = next(one for one in shown.sections if one.key == "week")
    assert week.said[0].endswith(" It is no good guide. Plan again.")
    assert (week.key_line, week.scale, week.tables) == ("", "", ())
    assert "expected" not in week.head
    assert {(len(row.figures), row.bar) for row in week.rows} == {(1, "")}


@pytest.mark.parametrize(
    ("buffer", "counts", "said"),
    [
        (
            wdd((40, 120), (40, 40)),
            (40.0, 120.0),
            "80 more, between 50 more and 110 more. That is a clear rise, so crime may have moved",
        ),
        (
            wdd((40, 120), (40, 40)),
            (41.0, 40.0),
            "That is clearly higher than expected, so crime may have moved there.",
        ),
        (
            wdd((120, 40), (40, 40)),
            (120.0, 40.0),
            "That is a clear fall, so there is no sign that crime moved there.",
        ),
        (wdd((40, 41), (40, 40)), (40.0, 41.0), "That is no sign beyond chance that crime moved there."),
    ],
)
def test_the_page_says_whether_crime_moved_next_door_as_the_reading_does(buffer, counts, said):
    page = page_of()
    outcome = counted_as(replace(outcome_of_four(page), displacement=buffer), "buffer", *counts)
    section = next(
        one for one in result_view(plan_of_four(page), outcome, page).sections if one.key == "moved"
    )
    assert section.heading == "Around it: did crime move?"
    assert said in section.said[0]
    assert section.said[0].partition("That is ")[2] in reading_of(outcome, plan_of_four(page))


def test_a_plan_of_one_home_is_headed_by_one_home():
    page = page_of()
    plan = plan_of_four(page)
    plan = replace(plan, hardening=[plan.hardening[0] | {"homes": 1, "money": 150.0}])
    assert plan_view(plan, page).sections[0].heading == "The money: 1 home at £150"


def test_the_figures_of_a_result_have_no_minus_nought():
    page = page_of()
    shown = result_view(plan_of_four(page), replace(outcome_of_four(page), wdq=-0.004), page)
    (figures,) = shown.sections[-1].tables
    assert ("Displacement quotient", "0.00", "") in figures.rows


def test_no_set_that_fell_as_far_is_told_in_a_word():
    page = page_of()
    outcome = replace(outcome_of_four(page), placebo_rank=1, placebos=14)
    assert "on 14 sets of untreated areas showed as large a fall in none of them." in reading_of(
        outcome, plan_of_four(page)
    )


def test_a_plan_has_its_own_headline_sides_and_pins(opened, planned):
    page = opened(planned)
    assert page.text("h1") == "£10,000 reaches 66 homes in Birch."
    assert page.text("#second").startswith("The week of action goes to Ash: 42 crimes above expected")
    text = page.tab.text_content("#plan")
    for words in (
        "The money: 66 homes at £150",
        "0 to 0.53, about 0.20",
        "this area comes first 83 times in 100",
        "At least 23 must be prevented",
        "High Street (9)",
        "One week will almost never show",
    ):
        assert words in text, words
    assert page.tab.locator("#map [data-pin]").all_inner_texts() == ["1", "A"]
    # The line of a bar does not strike its figures through.
    drawn = page.tab.locator(".effect-bars text").first
    assert drawn.evaluate("text => getComputedStyle(text).paintOrder") == "stroke"
    key = page.text(".marks")
    for label in ("week of action", "around it: did crime move?", "most like it, left alone", "homes"):
        assert label in key
    assert page.messages == []
    assert [url for url in page.requests if not url.startswith("file://")] == []


def test_a_headline_names_three_areas_of_a_plan_and_counts_the_others():
    page = page_of()
    plan = plan_of_four(page)
    every = [plan.hardening[0] | {"area_id": area} for area in plan.before]
    shown = plan_view(replace(plan, hardening=every, week=plan.week | {"target": list(plan.before)}), page)
    assert shown.headline.first.endswith(" homes in Ash, Birch, Cedar and 1 more neighbourhood.")
    assert "goes to Ash, Birch, Cedar and 1 more neighbourhood:" in shown.headline.second
    # The lists beside it have them all.
    assert [len(section.rows) for section in shown.sections][:2] == [4, 4]


def test_money_that_reaches_no_home_leaves_the_list_of_areas_in_its_columns(opened):
    page = page_of()
    plan = plan_of_four(page)
    none = [one | {"homes": 0, "money": 0.0} for one in plan.hardening]
    shown = opened(replace(page, plan=plan_view(replace(plan, hardening=none), page)))
    money = shown.tab.locator('#plan li[data-area-id="A1"]').first
    # Birch in one line, as wide as it is: it once stood in the column of the pin, a letter a line.
    assert money.locator(".name").bounding_box()["height"] < 30
    assert money.locator(".who").bounding_box()["width"] > 60
    assert money.locator(".pin").text_content() == ""
    text = shown.tab.text_content("#plan")
    assert "It buys nothing: one home costs £150." in text
    assert "Spread thin" not in text
    assert shown.tab.locator("#plan .effects").count() == 0


def test_with_wide_letters_the_words_beside_the_bars_of_a_plan_stay_apart(opened, planned):
    page = opened(planned, viewport={"width": 1366, "height": 657})
    page.tab.evaluate("""() => {
      const wide = new CSSStyleSheet();
      wide.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important }");
      document.adoptedStyleSheets = [wide];
    }""")
    words = page.tab.locator(".effects > span:nth-child(odd)")
    high = words.evaluate_all(
        "all => all.map((one) => [one.offsetHeight, parseFloat(getComputedStyle(one).lineHeight)])"
    )
    assert len(high) >= 3
    assert all(height < 1.5 * line for height, line in high)


def test_details_are_folded_until_they_are_wanted(opened, planned):
    page = opened(planned)
    assert not page.tab.is_visible("#plan table")
    page.tab.locator("#plan summary").first.click()
    assert page.tab.locator("#plan table").first.is_visible()


def test_the_panel_says_what_an_area_is_in_the_plan(visited):
    assert "In the plan: week of action." in visited["planned"]("#area=A0").text("#panel")
    text = visited["planned"]("#area=A1").text("#panel")
    moves = "next to the week of action, where crime may move to; money for target hardening."
    assert f"In the plan: {moves}" in text


def test_what_was_done_is_on_the_map_and_in_the_monthly_line(visited):
    page = visited["judged"]("#area=A0")
    assert page.tab.locator("#panel .action-mark").count() == 1
    assert "4 July 2018: Locks fitted, 12 homes" in page.text("#panel")
    page.tab.click("#whole-place")
    assert sorted(page.tab.locator("#map [data-pin]").all_inner_texts()) == ["!", "!", "1", "A"]
    assert page.text("h1") == "Crime fell clearly in Ash after the week of action."
    assert "It fell." in page.tab.text_content("#plan")
    assert "It cannot be checked." in page.tab.text_content("#plan")
    assert visited["judged"]("#area=A3").tab.locator("#panel .action-mark").count() == 0


@pytest.mark.parametrize(
    ("verdict", "after", "said", "found"),
    [
        (
            "clear fall",
            60.0,
            "Crime was clearly lower than expected in Ash after the week of action.",
            "clearly lower than expected, by more than chance would explain",
        ),
        (
            "possible fall",
            63.0,
            "Crime may have been lower than expected in Ash after the week of action; it could be chance.",
            "possibly lower than expected, which could be chance",
        ),
        (
            "clear rise",
            58.0,
            "Crime was clearly higher than expected in Ash after the week of action.",
            "clearly higher than expected, by more than chance would explain",
        ),
        (
            "clear rise",
            63.0,
            "Crime rose clearly in Ash after the week of action.",
            "clear rise, larger than chance would explain",
        ),
    ],
)
def test_headline_heading_and_reading_of_a_result_say_no_fall_where_the_count_rose(
    verdict, after, said, found
):
    page = page_of()
    outcome = counted_as(replace(outcome_of_four(page), verdict=verdict), "target", 60.0, after)
    shown = result_view(plan_of_four(page), outcome, page)
    assert shown.headline.first == said
    assert shown.sections[0].heading == f"What came of it: {found.partition(',')[0]}"
    assert f"{found}." in reading_of(outcome, plan_of_four(page))


def test_a_name_with_an_and_of_its_own_reads_as_one_area():
    page = page_of(names=("Frenchay and Stoke Park", "Birch", "Cedar", "Elm"))
    plan = plan_of_four(page)
    plan = replace(plan, week=plan.week | {"target": ["A1", "A0"]})
    said = plan_view(plan, page).headline.second
    assert said.startswith("The week of action goes to Birch, and Frenchay and Stoke Park: ")


def test_the_pages_of_a_plan_for_one_crime_type_call_what_they_count_by_its_name():
    page = page_of()
    plan = replace(plan_of_four(page), theme="burglary")
    html = render(replace(page, plan=plan_view(plan, page)))
    assert "<span>60 burglaries before</span>" in html
    assert '<th scope="col" class="number">Burglaries before</th>' in html
    assert "Most burglary falls in November and December." in html
    judged = result_view(plan, outcome_of_four(page), page)
    assert judged.headline.first == "Burglary fell clearly in Ash after the week of action."
    assert "The counts: burglary" in [section.heading for section in judged.sections]
    assert "fewer burglaries" in judged.sections[0].figure
    chance = replace(outcome_of_four(page), verdict="no change beyond chance")
    said = "No change of burglary in Ash can be told from chance after the week of action."
    assert result_view(plan, chance, page).headline.first == said


def test_the_page_of_a_plan_for_one_crime_type_shows_that_type_first_as_its_list_does():
    page = page_of()
    plan = replace(plan_of_four(page), theme="burglary")
    assert replace(page, plan=plan_view(plan, page)).first_type == "burglary"
    assert replace(page, plan=result_view(plan, outcome_of_four(page), page)).first_type == "burglary"
    assert replace(page, plan=plan_view(plan_of_four(page), page)).first_type == "sac"


def test_a_page_of_a_result_without_a_control_claims_nothing(opened):
    page = page_of()
    bare = replace(
        outcome_of_four(page), wdd=None, wdd_settled=None, net=None, nearest=None, placebo_rank=None,
        verdict="nothing to compare with", reading="Target areas: 30 crimes after, 60 before.",
    )  # fmt: skip
    shown = opened(replace(page, plan=result_view(plan_of_four(page), bare, page)))
    assert shown.text("h1") == "Nothing can be said of crime in Ash after the week of action."
    assert shown.text("#second") == "No untreated area is left to compare the target with."
    assert "against areas outside the plan" not in shown.tab.text_content("#plan")
    assert shown.tab.locator("#plan svg.came").count() == 0
    assert shown.messages == []


def test_the_saved_picture_of_a_plan_has_the_plan_s_legend(opened, planned):
    page = opened(planned)
    words, _ = page.saved_picture()
    assert {"week of action", "most like it, left alone"} <= set(words)
    assert "could be chance" not in words


def test_the_static_map_fills_the_same_sides(planned):
    html = planned.read_text(encoding="utf-8")
    for side in ("target", "buffer", "control", "buffer_control"):
        assert html.count(f'<path class="side-{side}"') == 1
    assert html.count('data-pin="') == 2
    assert "plan-sides" not in render(page_of())


@pytest.mark.parametrize("practice", [False, True])
def test_with_two_warnings_how_a_plan_will_be_judged_is_on_the_first_screen_below_a_banner_too(
    opened, practice
):
    page = page_of()
    page = replace(
        page,
        practice=practice,
        warnings=[Notice("weak-comparator", "The comparison is shaky."), Notice("no-location-drift", "5%.")],
        comparator_words="the rest of Avon and Somerset",
    )
    plan = plan_of_four(page)
    a, b, c, _ = (str(area) for area in page.areas["area_id"])
    funded = [{**plan.hardening[0], "area_id": area, "homes": 22} for area in (b, c, a)]
    streets = [
        {"street": f"On or near {name}", "crimes": 100}
        for name in ("High Street", "Station Road", "Mill Lane")
    ]
    why = {"code": "clear-rise-elsewhere", "text": "Risen clearly but not chosen: some. Because."}
    plan = replace(
        plan,
        hardening=funded,
        week=plan.week | {"target": [b, c, "A3"], "streets": streets},
        warnings=[*plan.warnings, why],
    )
    tab = opened(replace(page, plan=plan_view(plan, page)), viewport={"width": 1366, "height": 657}).tab
    assert tab.locator("#warnings > ul > li > .sign").count() == 2
    assert "Risen clearly but not chosen: Ash." in tab.inner_text(".plan-week")
    bottom = "box => box.getBoundingClientRect().bottom"
    # The last ten pixels of the column fade.
    assert tab.locator(".plan-judged .ends").evaluate(bottom) <= tab.locator("#answer").evaluate(bottom) - 10


@pytest.mark.parametrize("make", ["plan", "result"])
@pytest.mark.parametrize("texts", [HOSTILE[:4], HOSTILE[4:8]])
def test_f50_hostile_text_in_a_plan_is_shown_as_text(opened, make, texts):
    # Each is the name of an area, a street and a visit or an action: all four in one page, which takes the browser
    # less than four pages.
    page = page_of(names=texts)
    plan = plan_of_four(page)
    streets = [{"street": text, "crimes": 9} for text in texts]
    visited = [plan.week["visited"][0] | {"action": text} for text in texts]
    plan = replace(plan, week=plan.week | {"streets": streets, "visited": visited})
    if make == "plan":
        view = plan_view(plan, page)
    else:
        outcome = outcome_of_four(page)
        actions = [replace(outcome.actions[0], action=text) for text in texts]
        view = result_view(plan, replace(outcome, actions=tuple(actions)), page)
    shown = opened(replace(page, plan=view), "#area=A0")
    told, panel = (shown.tab.text_content(part) for part in ("#plan", "#panel"))
    for text in texts:
        assert text in told
        assert told.count(text) + panel.count(text) >= 2
    assert shown.tab.title() != "run"
    assert shown.messages == []


def test_a_name_that_never_ends_or_turns_the_text_around_harms_no_other_text(opened):
    page = page_of(names=("A" * 300, "\u202eB", "Cedar", "Elm"))
    shown = opened(replace(page, plan=plan_view(plan_of_four(page), page)))
    assert shown.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert "\u2068\u202eB\u2069" in shown.text("h1")


def test_no_option_is_named_on_the_page_of_a_plan(opened):
    page = page_of()
    plan = plan_of_four(page)
    told = [
        {"code": "no-households", "text": "Households are not known. Give boundaries with a column of households "
         "(--households-column)."},
        {"code": "part-of-a-year", "text": "Scaled up. Use --current with a whole year."},
    ]  # fmt: skip
    shown = opened(replace(page, plan=plan_view(replace(plan, warnings=told), page)))
    text = shown.tab.text_content("#plan")
    assert "--" not in text
    assert "Give boundaries with a column of households." in text
    assert "Scaled up." in text


@pytest.mark.parametrize("make", ["planned", "judged"])
@pytest.mark.parametrize(
    "context", [{}, {"viewport": {"width": 320, "height": 700}}, {"forced_colors": "active"}]
)
def test_axe_finds_nothing(visited, make, context):
    page = visited[make]("#area=A0", **context)
    assert axe_of(page.tab) == []
    assert page.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


#: The words of headings and figures that stand on more than one line.
BROKEN = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll("#plan thead th, #plan td.number")) {
    const node = cell.firstChild;
    for (const word of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (range.getClientRects().length > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""


#: The texts of bars that stand beyond the page's edge, and the headings over which their link to details stands.
OVER = """() => {
  const texts = [...document.querySelectorAll(".effect-bars text")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.left < 0 || box.right > innerWidth;
  });
  const heads = [...document.querySelectorAll("#plan section:has(summary) h3")].filter((one) => {
    const link = one.parentElement.querySelector("summary").getBoundingClientRect();
    const words = document.createRange();
    words.selectNodeContents(one);
    return [...words.getClientRects()].some((box) => box.right > link.left && box.top < link.bottom);
  });
  return [...texts, ...heads].map((one) => one.textContent);
}"""


@pytest.mark.parametrize("make", ["planned", "judged"])
def test_on_a_phone_no_figure_or_heading_is_broken_within_a_word(opened, request, make):
    page = opened(request.getfixturevalue(make), viewport={"width": 320, "height": 700})
    assert page.tab.evaluate(OVER) == []
    for folded in page.tab.locator("#plan summary").all():
        folded.click()
    assert page.tab.evaluate(BROKEN) == []
    assert page.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("make", ["planned", "judged"])
def test_it_prints_on_one_sheet_with_the_plan_and_the_map(opened, request, make):
    page = opened(request.getfixturevalue(make))
    pdf = page.tab.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    page.on_paper()
    assert page.tab.is_visible("#plan")
    assert page.tab.is_visible("#map-static svg")
    assert not page.tab.is_visible("#plan details p")
    # Nothing is announced that is folded away.
    assert not page.tab.locator(".plan-figures").is_visible()


def test_on_paper_the_money_stands_beside_the_week_so_that_the_map_has_the_height(opened, planned):
    page = opened(planned, viewport={"width": 794, "height": 1123})
    page.on_paper()
    boxes = "(parts) => parts.map((part) => part.getBoundingClientRect().toJSON())"
    money, week, promise = page.tab.eval_on_selector_all("#plan > section", boxes)
    assert (money["top"], money["right"] < week["left"], promise["left"]) == (week["top"], True, week["left"])
    assert page.tab.is_visible("text='Burglaries prevented a year'")
    assert page.tab.is_visible("#plan .key")


def test_in_forced_colours_the_dot_of_a_bar_can_be_told_from_it(opened, planned):
    page = opened(planned, forced_colors="active", color_scheme="dark")
    fill = "(part) => getComputedStyle(part).fill"
    assert page.tab.locator(".effect").first.evaluate(fill) == "none"


def test_without_households_the_page_says_not_known(opened):
    page = page_of()
    view = plan_view(plan_of_four(page, prevented=None), page)
    assert "not known" in opened(replace(page, plan=view)).tab.text_content("#plan")


def test_a_day_is_written_out():
    assert day_in_words("2018-06-04") == "4 June 2018"
