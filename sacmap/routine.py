"""Monthly routine: the committee's briefing note, and what is new since the last map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from glob import escape
from importlib.metadata import version
from pathlib import Path
from typing import cast

from sacmap.areas.boundaries import read_areas
from sacmap.choose.plan import Plan, plan_of
from sacmap.choose.plan_record import OutcomeRecord
from sacmap.errors import InputError, SacmapError, UsageError
from sacmap.fetch.home_office import RecordedTable, read_table
from sacmap.files.file_sets import marker_of, write_set
from sacmap.files.json_shape import own_record, record_text
from sacmap.files.text import read_text, sha256
from sacmap.files.write import sweep
from sacmap.inputs import crime_files, read_by, with_boundaries
from sacmap.measure.quarters import official_periods, require_quarters
from sacmap.months import is_month
from sacmap.notices import listed
from sacmap.pipeline import map_study, reconciled_with, require_outputs, run
from sacmap.planning import boundaries_of_plan
from sacmap.publish.csv_json import dated, plain
from sacmap.publish.extra_files import map_picture, require_word, word
from sacmap.publish.make_view import page_of
from sacmap.publish.news import LastMap, first_words, last_map, news_of
from sacmap.publish.note import note_of
from sacmap.publish.note_parts import Given
from sacmap.publish.public import NOT_PUBLIC, as_published, beside_a_plan
from sacmap.result import Result
from sacmap.study import Study
from sacmap.tables import names_of
from sacmap.terminal import say


@dataclass(frozen=True, kw_only=True)
class BriefOptions:
    """The options of a briefing note: the Home Office's table, a plan, and the record of its result."""

    home_office: str | None = None
    area: str | None = None
    beside: Sequence[str] = ()
    plan: str | None = None
    outcome: str | None = None
    replace: bool = False


def brief_study(
    study: Study, page: Path, out: Path | None, options: BriefOptions, *, study_file: str | Path | None = None
) -> tuple[Path, int]:
    """Write a briefing note in Word. Return its path and the exit code, which is 3 if months were left out.

    It goes to `out`, or beside the page of its map. With rolling periods, the month is in its name.

    Raises
    ------
    UsageError
        If there is nothing to write about, a period is not whole quarters, or the note already exists and should not be
        replaced.
    """
    require_word()
    mapped = bool(study.crimes or study.boundaries or (study.force and not options.home_office))
    if not mapped and not options.home_office:
        raise UsageError(
            "There is nothing to write about: no crimes and no table of recorded crime.",
            "Give a study, or --home-office FILE with --area-name.",
        )
    read = [options.home_office, options.plan, options.outcome, study_file]
    path = out or _brief_path(page, study)
    require_outputs([path], [*read_by(study), *read])
    _require_no_note(path, options.replace)
    area = official_area(options.area, study) if options.home_office else options.area or study.force or ""
    table = _table_of(study, options.home_office, area) if options.home_office else None
    plan = plan_of(record_text(options.plan), options.plan) if options.plan else None
    outcome = _read_outcome(options.outcome, plan)
    result = _published(study, with_plan=plan is not None or outcome is not None) if mapped else None
    if result is not None:
        study = result.study
        path = out or _brief_path(page, study)
        _require_no_note(path, options.replace)
    found, periods = None, None
    if table is not None:
        periods = official_periods(study, table.of(area))
        found = reconciled_with(table, periods, area, beside=options.beside)
    names = names_of(result.areas) if result is not None else {}
    if plan is not None and options.plan:
        names = _names_of_plan(plan, Path(options.plan), names)
    view = page_of(result) if result is not None else None
    note = note_of(
        Given(
            study=study,
            place=study.title or area or "the areas mapped",
            official=found,
            official_study=periods,
            result=result,
            picture=map_picture(view) if view is not None else None,
            headline=view.first_words if view is not None else "",
            plan=plan,
            outcome=outcome,
            names=names,
            sources=view.sources if view is not None else (),
        )
    )
    content = word(note, (periods or study).current if result is None else study.current)
    write_set({path: content}, private=result is not None and result.restricted)
    return path, 0 if result is None else result.exit_code


def _published(study: Study, *, with_plan: bool) -> Result:
    """Return the result of a study as it is published; say so if what stands beside it is not public."""
    result = as_published(run(study))
    if with_plan:
        result = beside_a_plan(result)
        for notice in result.warnings:
            if notice.code == NOT_PUBLIC:
                say(f"- {notice.text}")
    return result


def _table_of(study: Study, home_office: str, area: str) -> RecordedTable:
    """Read the table of recorded crime; refuse at once a study or an area that it cannot be compared with."""
    table = read_table(home_office)
    if not (study.rolling[1] if study.rolling else study.baseline):
        raise UsageError(
            "A note says how recorded crime changed, but the study has no earlier period.",
            "Add --baseline, or leave out --home-office.",
        )
    if not study.rolling:
        require_quarters(study)
        table.of(area)
    return table


def official_area(name: str | None, study: Study) -> str:
    """Return the area to look for in the Home Office's table: the one with this name, or else the study's force.

    Raises
    ------
    UsageError
        If neither is given.
    """
    if area := name or study.force:
        return area
    raise UsageError(
        "No area was given.", "Add --area-name with the force or partnership, as named in the table."
    )


def _brief_path(page: Path, study: Study) -> Path:
    """Return the path of a map's note: maps/NAME-brief.docx beside maps/NAME.html."""
    named = dated(page, study)
    return named.with_name(f"{named.stem}-brief.docx")


def _require_no_note(path: Path, replace: bool) -> None:
    if path.exists() and not replace:
        raise UsageError(
            f"{path} already exists and was not changed: someone may have edited it.",
            "Choose another --out, or add --replace.",
        )


def _read_outcome(path: str | None, plan: Plan | None) -> OutcomeRecord | None:
    """Return the record of a plan's result, if a file is given.

    Raises
    ------
    InputError
        If the file is not a result of `sacmap evaluate`, or has other target areas than `plan`.
    """
    if not path:
        return None
    raw = own_record(
        record_text(path), path, OutcomeRecord, what="the result of a plan", writer="sacmap evaluate"
    )
    outcome = cast("OutcomeRecord", raw)
    # Areas that were not known afterwards have no counts there.
    if plan is not None and not set(outcome["counts"].get("target", {})) <= set(plan.week["target"]):
        raise InputError(
            f"{path} is the result of another plan: its target areas are others.",
            "Give the result of this plan, or leave one of them out.",
        )
    return outcome


def _names_of_plan(plan: Plan, plan_path: Path, names: Mapping[str, str]) -> dict[str, str]:
    """Return names by area id. If a plan's areas are not all there, they are read from its boundaries if possible.

    Say so if the areas of its week of action are not: it may be the plan of another place.
    """
    found: dict[str, str] = {}
    if not plan.before.keys() <= names.keys():
        with suppress(SacmapError):
            areas = read_areas(
                boundaries_of_plan(plan, plan_path),
                id_column=plan.study.get("id_column"),
                name_column=plan.study.get("name_column"),
            )
            found = dict(zip(areas["area_id"].astype(str), areas["name"].astype(str), strict=True))
    away = [found.get(area, area) for area in plan.week["target"] if area not in names]
    if names and away:
        say(
            f"- Areas of the plan's week of action that are not on this map: {listed(away, 3, ', ')}. Check that it is "
            "the plan of this place."
        )
    return {**found, **names}


# ── what is new ───────────────────────────────────────────────────────────────────────────────────────────────────


#: Seconds within which files that are copied together are written.
COPYING = 3600


@dataclass(frozen=True)
class Watched:
    """What a watch found: lines about what is new, the files, the result and its headline; all empty if nothing is."""

    news: tuple[str, ...] = ()
    written: tuple[Path, ...] = ()
    result: Result | None = None
    headline: str = ""

    @property
    def exit_code(self) -> int:
        """0, or 3 if months were left out of the new map."""
        return 0 if self.result is None else self.result.exit_code


def watch_study(study: Study, page: Path, *, study_file: str | Path | None = None) -> Watched:
    """Make the map of a study if anything it counts with has changed since the last map, and say what is new."""
    # A killed run leaves them, and where nothing is new no map is written that would remove them.
    sweep(page.parent.glob("*.part"))
    records = _records_of(page, study)
    newest = _newest_map(reversed(records))
    if newest is not None:
        # The additional files of the last map stay as new as the map, also where `map` alone was asked for them.
        study = replace(study, also=tuple(dict.fromkeys((*newest[1].also, *study.also))))
    # If the newest month was withdrawn after it had been mapped, the last map is not the newest by its month.
    by_time = sorted(records, key=_when_written, reverse=True)
    written = newest if newest is None or by_time[0] == newest[0] else _newest_map(by_time)
    withdrawn = newest is not None and written is not None and _made_later(written[0], newest[0])
    if newest is not None and not withdrawn and _unchanged(study, *newest):
        return Watched()
    if written is not None and written is not newest and _unchanged(study, *written):
        return Watched()
    damaged = any(one.is_file() for one in records)
    result, paths, headline = map_study(study, page, study_file=study_file)
    there = newest is None or result.study.current[-1:] >= newest[1].current[-1:]
    last = newest if there and not withdrawn else written
    news = (
        [first_words(result, damaged=damaged)]
        if last is None
        else news_of(result, last[1], again=there and withdrawn)
    )
    return Watched(tuple(news), tuple(paths), result, headline) if news else Watched()


def _records_of(page: Path, study: Study) -> list[Path]:
    """Return the records of the maps of a study, in the order of their months."""
    if study.rolling is None:
        return [page.with_suffix(".json")]
    return sorted(
        one for one in page.parent.glob(f"{escape(page.stem)}-*.json") if is_month(one.stem[-7:])
        and one.stem[:-8] == page.stem
    )  # fmt: skip


def _when_written(record: Path) -> tuple[int, str]:
    return record.stat().st_mtime_ns if record.exists() else 0, record.name


def _made_later(one: Path, other: Path) -> bool:
    """Whether a map was made after another, and not only copied after it, as to another computer."""
    return one.stat().st_mtime - other.stat().st_mtime > COPYING


def _newest_map(records: Iterable[Path]) -> tuple[Path, LastMap] | None:
    """Return the first of the records that is of a map with its table, and the content of both."""
    for record in records:
        table = record.with_suffix(".csv")
        if record.is_file() and table.is_file():
            found = last_map(read_text(str(record)), read_text(str(table)))
            if found is not None:
                return record, found
    return None


def _unchanged(study: Study, record: Path, last: LastMap) -> bool:
    """Whether a new map would be the same as the last one: same version, options and inputs, written to the end."""
    old = last.record
    page = record.with_suffix(".html")
    if old["sacmap"] != version("sacmap") or not page.is_file() or marker_of(page).exists():
        return False
    rolling = (
        {"current", "baseline"} if study.rolling is not None else {"baseline"} if study.before else set()
    )
    asked = {name: plain(value) for name, value in with_boundaries(study).record().items()}
    if any(asked[name] != old["study"].get(name) for name in asked if name not in rolling):
        return False
    before = {one["path"]: one.get("sha256") for one in old["inputs"]}
    if not study.crimes:
        from sacmap.fetching import newest_published

        newest = newest_published(study)
        # Of rolling periods, a map that lacks the newest month was made while police.uk was publishing it.
        start = f"data.police.uk: {newest} " if study.rolling is not None else ""
        there = any(path.startswith(start) and f"published {newest}" in path for path in before)
        return there and _same_files(study, before, ())
    return _same_files(study, before, crime_files(study))


def _same_files(study: Study, before: dict[str, object], crimes: Sequence[Path]) -> bool:
    others = [Path(path) for path in read_by(study) if path not in (*study.crimes, study.ca_bundle)]
    now = {*crimes, *others}
    if crimes and len(now) != len(before):
        return False
    return all(path.exists() and before.get(study.shown(str(path))) == sha256(path) for path in now)
