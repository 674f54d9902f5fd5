"""The page's first two sentences: which areas rose clearly, by name; and what the whole did."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from sacmap import tables
from sacmap.measure.chance_flags import must_rise
from sacmap.measure.comparator import UNFIT, ComparatorRecord
from sacmap.measure.warnings import NOT_KNOWN
from sacmap.notices import counted, series, spoken
from sacmap.publish.words import (
    NAMED,
    NO_HIGHER,
    NO_LOWER,
    TOGETHER,
    Unit,
    apart,
    between,
    capital,
    moved,
    named,
    no_fit,
    percent,
)

#: The verdict, in this module, of a clear rise on one map point without earlier crimes: a headline calls it no finding.
ONE_POINT = "one point"
#: What is said first of areas that stand out from what was expected, but neither rose nor fell.
_APART = {
    NO_HIGHER: "Clearly above expected, though no higher than before: ",
    NO_LOWER: "Clearly below expected, though no lower than before: ",
}
#: Lines that the first sentence may have on a laptop and on a phone, and the letters of a line. Beyond them fewer areas
#: are named.
ROOM, NARROW_ROOM = (2, 97), (4, 35)
#: How the areas are named, the first that has room: how many of them at most, and whether one named before comes again.
_WAYS = ((NAMED, True), (NAMED, False), (2, False), (1, False))


class Part(NamedTuple):
    """A piece of a sentence; one with a crime type leads to it, and one with an area to that area too."""

    text: str
    kind: str = ""
    area_id: str = ""


class Headline(NamedTuple):
    """The page's first sentence, and the one under it; `parts` are the pieces of the first where some lead on.

    narrow: the pieces on a phone, with fewer names; as the others where those have room there too.
    """

    first: str
    second: str
    parts: tuple[Part, ...] = ()
    narrow: tuple[Part, ...] = ()


class Scene(NamedTuple):
    """What a headline needs beside the rows: the place, what is followed, and what things are called."""

    place: str
    totals: Mapping[str, Mapping[str, float | None]]
    comparator: Mapping[str, ComparatorRecord]
    follows: str
    in_words: Mapping[str, str]
    unit: Unit
    lacking: str = ""
    notices: frozenset[str] = frozenset()

    @property
    def spoken_place(self) -> str:
        """The place in a sentence: "the City of London"; where the totals lack areas, "the known part of" it.

        "" without a name, or "the known wards".
        """
        said = apart(spoken(self.place))
        if NOT_KNOWN not in self.notices:
            return said
        return f"the known part of {said}" if said else f"the known {self.unit[1]}"

    @property
    def in_place(self) -> str:
        """The words " in Northampton", or "" without a place."""
        return f" in {self.spoken_place}" if self.spoken_place else ""


def headline(kind: str, rows: Mapping[str, pd.DataFrame], scene: Scene) -> Headline:
    """Return the first two sentences on a crime type; on `sac`, on all of them.

    `rows` are by crime type, with `area_id`, `verdict` and `label`, in the order of the list for a week of action.

    "Burglary rose clearly in Finningley and Hoyland." "All three types together: up 6%, with no clear rise."
    """
    kinds = list(tables.CRIME_TYPES) if kind == "sac" else [kind]
    total = scene.totals[kind]["change_pct"]
    summed = f"{capital(scene.in_words[kind])} {percent(total)}{scene.in_place}"
    unit, verdicts = scene.unit, rows[kind]["verdict"]
    known = int((verdicts != "not known").sum())
    if not known and scene.notices & {"absent-types", "no-such-offence"}:
        said = f"Nothing is known of {scene.in_words[kind]}{scene.in_place}"
        return Headline(f"{said}: the crimes given do not hold it whole.", "")
    if not known:
        return Headline(f"Of {counted(len(verdicts), unit)} nothing is known.", "")
    if UNFIT in scene.notices:
        return Headline(f"{summed}.", no_fit(unit))
    if kind == "sac" and scene.lacking:
        return _without_total(kinds, rows, scene)
    rises, falls = (_clear(kinds, rows, f"clear {way}") for way in ("rise", "fall"))
    single, aside = _at_one_point(rows[kind]), _apart(kinds, rows, scene)
    if rises or falls:
        end = "." if rises else "; no clear rise but on one map point." if single else "; no clear rise."
        summary = _summary(kind, rows, scene, told=rises or falls, rose=bool(rises))
        point = _on_one_point(kinds, rows, scene, too=bool(rises))
        return _naming(rises, falls, end, scene, _sentences(summary, point, aside))
    up, down = (bool((verdicts == f"possible {way}").any()) for way in ("rise", "fall"))
    if single:
        said = f"{summed}. {named(single, unit)} rose clearly, but {_each(len(single))}."
    elif aside:
        said = f"{summed}."
    elif up or down:
        # That none stands out would be said against its own range.
        there = "" if len(verdicts) == 1 else f" in {_of_those(verdicts, unit)}"
        said = f"{summed}, with no clear rise{'' if up else ' or fall'}{there}."
    else:
        those = _of_those(verdicts, unit)
        none = (
            f"{those} does not stand"
            if known == 1
            else f"{'neither' if known == 2 else 'none'} of {those} stands"
        )
        said = f"{summed}, and {none} out."
    point = "" if single else _on_one_point(kinds, rows, scene)
    return Headline(said, _sentences(point, aside, _seen(kind, rows[kind], scene)))


def _of_those(verdicts: pd.Series, unit: Unit) -> str:
    """Return "33 wards", or "the 30 wards known" where others are not; of one, "the ward" or "the one ward known"."""
    known = int((verdicts != "not known").sum())
    if known == len(verdicts):
        return counted(known, unit) if known > 1 else f"the {unit[0]}"
    return f"the {counted(known, unit)} known" if known > 1 else f"the one {unit[0]} known"


def _sentences(*said: str) -> str:
    return " ".join(one for one in said if one)


def _apart(kinds: Sequence[str], rows: Mapping[str, pd.DataFrame], scene: Scene) -> str:
    """Return "Clearly above expected, though no higher than before: robbery in A; vehicle crime in B.", or ""."""
    said = []
    for verdict, lead in _APART.items():
        found = _clear(kinds, rows, verdict)
        each = [
            f"{scene.in_words[kind]} in {named([area.text for area in areas], scene.unit, again='in ')}"
            for kind, areas in found.items()
        ]
        said += [f"{lead}{'; '.join(each)}."] if each else []
    return _sentences(*said)


def _on_one_point(
    kinds: Sequence[str], rows: Mapping[str, pd.DataFrame], scene: Scene, *, too: bool = False
) -> str:
    """Return "A rose clearly too, but on one map point.", because the summary of the crime type counts it; or ""."""
    found = {kind: _at_one_point(rows[kind]) for kind in kinds}
    what = [
        f"{scene.in_words[kind]} in {named(labels, scene.unit)}"
        if len(kinds) > 1
        else named(labels, scene.unit)
        for kind, labels in found.items()
        if labels
    ]
    if not what:
        return ""
    count = sum(map(len, found.values()))
    return f"{capital(series(what))} rose clearly{' too' if too else ''}, but {_each(count)}."


def _at_one_point(rows: pd.DataFrame) -> list[str]:
    """Return the labels of the areas whose rise lies on one map point."""
    return list(rows.loc[rows["verdict"] == ONE_POINT, "label"].astype(str))


def _each(count: int) -> str:
    return "each on one map point" if count > 1 else "on one map point"


def _without_total(kinds: Sequence[str], rows: Mapping[str, pd.DataFrame], scene: Scene) -> Headline:
    """Return the first two sentences if the extract lacks a part of SAC: the areas, and no total."""
    what = f"Serious acquisitive crime{scene.in_place}"
    unknown = f"{what} is not known as a whole: the extract lacks {scene.lacking}."
    rises, falls = (_clear(kinds, rows, f"clear {way}") for way in ("rise", "fall"))
    if not rises and not falls:
        *most, last = (scene.in_words[kind] for kind in kinds[1:])
        return Headline(unknown, f"No clear change of {', '.join(most)} or {last}.")
    # What is missing of them the second sentence says.
    scene = scene._replace(in_words={**scene.in_words, "sac": TOGETHER})
    return _naming(rises, falls, ".", scene, unknown)


def level_headline(kind: str, in_words: str, most: Sequence[str], unit: Unit) -> Headline:
    """Return the first sentences of a page without an earlier period: where it is highest, and no change."""
    if not most:
        return Headline(f"Of no {unit[0]} is anything known.", "")
    highest = named(most, unit, again="in ")
    said = f"{capital(in_words)} {'were' if kind == 'sac' else 'was'} highest in {highest}."
    return Headline(said, "There is no earlier period to compare with, so no change is shown.")


def _clear(kinds: Sequence[str], rows: Mapping[str, pd.DataFrame], verdict: str) -> dict[str, list[Part]]:
    """Return by crime type the areas with a verdict, as pieces of a sentence; types without one are left out."""
    found = {}
    for kind in kinds:
        there = (rows[kind]["verdict"] == verdict).to_numpy(bool)
        if there.any():
            labels, areas = (rows[kind][name].to_numpy(object)[there] for name in ("label", "area_id"))
            found[kind] = [
                Part(apart(str(label)), kind, str(area)) for label, area in zip(labels, areas, strict=True)
            ]
    return found


def _naming(
    rises: Mapping[str, Sequence[Part]],
    falls: Mapping[str, Sequence[Part]],
    end: str,
    scene: Scene,
    second: str,
) -> Headline:
    """Return a headline that names the areas that rose, or if none did, those that fell."""
    found, did = rises or falls, "rose" if rises else "fell"
    parts, narrow = (_fitting(found, did, end, scene, brief=brief) for brief in (False, True))
    return Headline(_text_of(parts), second, parts, narrow)


def _fitting(
    found: Mapping[str, Sequence[Part]], did: str, end: str, scene: Scene, *, brief: bool
) -> tuple[Part, ...]:
    """Return the first sentence with as many names as have room on a laptop; else in the last way.

    `brief`: on a phone, without what the areas are called after a name: "A and 4 more".
    """
    parts: tuple[Part, ...] = ()
    lines, letters = NARROW_ROOM if brief else ROOM
    for most, again in _WAYS:
        parts = (*_clauses(found, did, scene, most=most, again=again, brief=brief), Part(end))
        if len(textwrap.wrap(_text_of(parts), letters)) <= lines:
            break
    return parts


def _text_of(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts)


def _clauses(
    found: Mapping[str, Sequence[Part]], did: str, scene: Scene, *, most: int, again: bool, brief: bool
) -> Iterator[Part]:
    """Yield "Burglary rose clearly in A and B; robbery in A and 4 more wards": `most` names in all.

    A name that was mentioned may come `again`; of the areas without a name, their number leads to their crime type.
    Types with the very same areas share a clause, all three together last, so that they do not read as a fourth type:
    "Burglary, and all three types together, rose clearly in A".
    """
    mentioned: set[str] = set()
    kinds = list(found)
    while kinds:
        kind = kinds.pop(0)
        areas = found[kind]
        every = {area.area_id for area in areas}
        yield Part("; " if mentioned else "")
        # The names lead to the first type, so that its own need not.
        alike = [Part(scene.in_words[kind])]
        while kinds and {area.area_id for area in found[kinds[0]]} == every:
            alike.append(Part(scene.in_words[kinds[0]], kinds.pop(0)))
        if kind == "sac" and len(alike) > 1:
            types = [*_joined(alike[1:]), Part(", and "), alike[0], Part(",")]
        else:
            types = [*_joined(alike)]
        if not mentioned:
            types[0] = types[0]._replace(text=capital(types[0].text))
        yield from types
        yield Part(" in " if mentioned else f" {did} clearly in ")
        some = [area for area in areas if again and area.area_id in mentioned]
        new = [area for area in areas if area.area_id not in mentioned]
        some += new[: max(0, most - len(mentioned))]
        mentioned |= {area.area_id for area in some}
        rest = len(areas) - len(some)
        unit = "" if brief else f" {scene.unit[rest != 1]}"
        more = f"{rest} more{unit}" if some else counted(rest, scene.unit)
        yield from _joined([*some, Part(more, kind)] if rest else some)


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield pieces with what stands between them: "A, B and C", or "A and B, and in C" where names hold an "and"."""
    comma, last = between((part.text for part in parts if part.area_id), "in ")
    for position, part in enumerate(parts):
        if position:
            yield Part(last if position == len(parts) - 1 else comma)
        yield part


def _summary(
    kind: str, rows: Mapping[str, pd.DataFrame], scene: Scene, *, told: Container[str], rose: bool
) -> str:
    """Return "All three types together: up 6%, with no clear rise." and what the comparator did.

    Of a crime type `told` in the headline: "Town as a whole: up 6%.", because the sentence before is of its areas; and
    of all three "Town, all three types together: up 6%.", because one of them can move far where their sum stays.
    """
    types, place = scene.in_words[kind], capital(scene.spoken_place)
    if kind not in told:
        what = f"{capital(types)}{scene.in_place}"
    elif kind == "sac":
        what = f"{place or 'As a whole'}, {types}"
    else:
        what = f"{place} as a whole" if place else "As a whole"
    said = f"{what}: {moved(scene.totals[kind]['change_pct'])}"
    # Where nothing rose clearly, the sentence before has said so.
    if rose and kind == "sac" and not {"clear rise", ONE_POINT, NO_HIGHER} & set(rows[kind]["verdict"]):
        said += ", with no clear rise"
    followed = _followed(kind, scene)
    return f"{said}; {followed}." if followed else f"{said}."


def _followed(kind: str, scene: Scene) -> str:
    """Return "the rest of Dogger Bank: up 7%", or "" if nothing beyond the areas is followed."""
    against = scene.comparator.get(kind)
    if against is None or against["name"] in {None, "areas", "none"} or against["change_pct"] is None:
        return ""
    return f"{scene.follows}: {moved(against['change_pct'])}"


def _seen(kind: str, rows: pd.DataFrame, scene: Scene) -> str:
    """Return what could have been seen where nothing was, and which areas may have risen."""
    possible = list(rows.loc[rows["verdict"] == "possible rise", "label"].astype(str))
    single = (rows["verdict"] == ONE_POINT).any()
    point = "A rise on one map point may be a change in how places are recorded. " if single else ""
    maybe = f"Possible rises: {named(possible, scene.unit)}. " if len(possible) > 1 else ""
    maybe = maybe or (f"A possible rise: {apart(possible[0])}. " if possible else "")
    must = must_rise(rows)
    followed = _followed(kind, scene)
    followed = f"{capital(followed)}. " if followed else ""
    shown = f"Only a rise of about {must}% or more above expected would show." if must is not None else ""
    return f"{point}{maybe}{followed}{shown}".strip()
