"""What a briefing note says happened: each component of recorded crime, compared with the nation and similar areas."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from sacmap import months
from sacmap.measure.reconcile import Reconciliation
from sacmap.measure.similar_areas import LIKE, NATION, PeerComparison, count, pct
from sacmap.notices import series
from sacmap.publish.note_parts import Given, Paragraph, Part, Section, Table
from sacmap.study import Study

#: Components of the table of recorded crime, in the order a committee asks for them, and what they are called.
COMPONENTS = {
    "burglary": "All burglary",
    "residential-burglary": "Residential burglary",
    "robbery": "Robbery",
    "theft-from-vehicle": "Theft from a motor vehicle",
    "theft-of-vehicle": "Theft of a motor vehicle",
    "sac": "PP06: all that it counts",
}
NOT_ALIKE = "not like with like"


def happened(given: Given) -> Section | None:
    """Return what happened to each component of recorded crime; None without the Home Office's table."""
    official, study = given.official, given.official_study
    if official is None or study is None:
        return None
    peers = {one.component.name: one for one in official.peers}
    parts: list[Part] = [Paragraph(_in_one_paragraph(official, peers))]
    parts.append(_components(official, peers, study))
    follows = [(name, peers[name]) for name in LIKE if name in peers and peers[name].trend]
    if follows:
        parts.append(Paragraph(_trend(official.area, follows)))
        parts += [Paragraph(_against_the_rest(COMPONENTS[name], one), "bullet") for name, one in follows]
    ranked = [(name, peers[name]) for name in LIKE if name in peers and peers[name].rank]
    if ranked:
        others = [moved.area for moved in ranked[0][1].others if moved.area != NATION]
        parts.append(
            Paragraph(
                f"{series([official.area, *others])} ranked by change, the largest rise first. The place of "
                f"{official.area} among the {ranked[0][1].of}: "
                f"{'; '.join(_rank_in_words(COMPONENTS[name], one) for name, one in ranked)}."
            )
        )
    return Section("What happened", tuple(parts))


def _in_one_paragraph(official: Reconciliation, peers: Mapping[str, PeerComparison]) -> str:
    """Say what happened to each component; a change of definition comes first, and again at each number it touches."""
    said = []
    if official.breaks:
        before, now = official.official("residential-burglary")
        if math.isfinite(before) and math.isfinite(now):
            said.append(
                f"Recorded “residential burglary” in {official.area} {_went(before, now)}: the "
                f"{'rise' if now >= before else 'fall'} is a change of definition, and says nothing of crime."
            )
        said += [
            # The note may have no map, and says of all burglary next what the map would.
            re.sub(r" (The map shows|Give the whole) [^.]*\.", "", notice.text)
            for notice in official.warnings
            if notice.code in {"definition", "absent-offences"}
        ]
    lead = (
        "All burglary, which the change of definition hardly touches,"
        if official.breaks
        else f"All burglary in {official.area}"
    )
    residential = () if official.breaks else (("residential-burglary", "Residential burglary"),)
    for name, words in (
        ("burglary", lead), *residential, ("robbery", "Robbery"), ("theft-from-vehicle", "Theft from motor vehicles"),
        ("theft-of-vehicle", "Theft of motor vehicles"),
    ):  # fmt: skip
        said.append(_moved(words, *official.official(name), peers.get(name)))
    before, now = official.official("sac")
    if math.isfinite(before) and math.isfinite(now):
        whole_ = f"PP06 {_went(before, now)}"
        said.append(
            f"{whole_}, but holds the class that was redefined: do not read it as a rise or a fall."
            if official.breaks
            else _moved("PP06, all of these less burglary of other buildings,", before, now, peers.get("sac"))
        )
    return " ".join(part for part in said if part)


def _moved(words: str, before: float, now: float, peers: PeerComparison | None) -> str:
    if not (math.isfinite(before) and math.isfinite(now)):
        return ""
    nation = math.nan if peers is None or peers.nation is None else peers.nation.change_pct
    where = "" if math.isnan(nation) else f", where {NATION} {_pct_in_words(nation)}"
    return f"{words} {_went(before, now)}{where}."


def _went(before: float, now: float) -> str:
    """Return "rose 4.6%, from 900 to 941"."""
    counts = f"from {count(before)} to {count(now)}"
    if before <= 0:
        return f"went {counts}"
    return f"{_pct_in_words(100 * (now - before) / before)}, {counts}"


def _pct_in_words(change: float) -> str:
    if round(abs(change), 1) == 0:
        return "stayed the same"
    return f"{'rose' if change > 0 else 'fell'} {abs(change):.1f}%"


def _components(official: Reconciliation, peers: Mapping[str, PeerComparison], study: Study) -> Table:
    """Return the table of recorded crime by component; a change of definition stands in the row it touches."""
    one = next(iter(peers.values()), None)
    others = [moved.area for moved in one.others] if one is not None else []
    earlier = tuple(months.shift(month, -12) for month in study.current)
    before = "a year before" if study.baseline == (earlier,) else "before"
    rows = []
    for name, words in COMPONENTS.items():
        was, now = official.official(name)
        touched = bool(official.breaks) and name in {"residential-burglary", "sac"}
        change = pct(100 * (now - was) / was) if was > 0 and math.isfinite(now) else "–"
        moved = [
            "–" if math.isnan(m.change_pct) else pct(m.change_pct)
            for m in (peers[name].others if name in peers else ())
        ]
        mark = f" ({NOT_ALIKE})" if touched else ""
        rows.append(
            (words, _known(was), _known(now), f"{change}{mark}", *(f"{text}{mark}" for text in moved))
        )
    n = len(study.baseline)
    against = f"the mean of {n} such periods" if n > 1 else months.span_in_words(study.baseline[0])
    spans = f"{months.span_in_words(study.current)} against {against}"
    return Table(
        f"Recorded crime in {official.area}, {spans}. Source: Home Office.",
        ("Offences recorded", before.capitalize(), "Now", "Change", *(f"Change, {area}" for area in others)),
        tuple(rows),
    )


def _known(value: float) -> str:
    return count(value) if math.isfinite(value) else "–"


def _trend(area: str, follows: Sequence[tuple[str, PeerComparison]]) -> str:
    """Answer "does the area follow the national trend?" in one sentence."""
    how: dict[str, list[str]] = {"better": [], "worse": [], "same": []}
    for name, one in follows:
        same = one.gap_low <= 0 <= one.gap_high
        how["same" if same else "worse" if one.gap_pct > 0 else "better"].append(COMPONENTS[name].lower())
    means = {"better": "rose less or fell more", "worse": "rose more or fell less"}
    clear = [
        f"{series(how[word])} did {word} ({meaning}) than in the rest of {NATION}, by more than chance"
        for word, meaning in means.items()
        if how[word]
    ]
    asked = f"Does {area} follow the national trend?"
    if not clear:
        return f"{asked} As far as can be told: {series(how['same'])} moved as in the rest of {NATION}, within chance."
    rest = f"; {series(how['same'])} moved as there, within chance" if how["same"] else ""
    answer = "Not in all" if how["same"] else "No"
    return f"{asked} {answer}: {'; '.join(clear)}{rest}."


def _against_the_rest(words: str, one: PeerComparison) -> str:
    """Say how many crimes there would be if the area had followed the rest of the nation, and how certain that is."""
    trend = one.own.now / (1 + one.gap_pct / 100)
    return (
        f"{words}: had it moved as the rest of {NATION}, there would be about {trend:,.0f} now; there are "
        f"{count(one.own.now)}, {_fewer(one.gap_pct)} ({_fewer(one.gap_low)} to {_fewer(one.gap_high)}, allowing for "
        f"chance). {one.spread}".strip()
    )


def _fewer(change: float) -> str:
    return f"{abs(change):.1f}% {'fewer' if change < 0 else 'more'}"


def _rank_in_words(words: str, one: PeerComparison) -> str:
    low, high = one.rank_low, one.rank_high
    between = "" if low == high else f" ({low} to {high} allowing for chance)"
    return f"{words.lower()}, place {one.rank}{between}"
