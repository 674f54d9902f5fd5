"""What a briefing note says: for a committee that reads Word, not maps.

The sentences are made of the same tables as the CSV and the page. A section that cannot be written is left out.
"""

from __future__ import annotations

from sacmap import months
from sacmap.publish.note_official import happened
from sacmap.publish.note_parts import Given, Note, Paragraph, Section, periods_in_words
from sacmap.publish.note_places import where
from sacmap.publish.note_plan import came_of_it, planned


def note_of(given: Given) -> Note:
    """Return the note: background, what happened, where, what will be done, what came of it, limits, source."""
    found = (
        _background(given),
        happened(given),
        where(given),
        planned(given),
        came_of_it(given),
        _limits(given),
        _source(given),
    )
    spoken = given.result.study if given.result is not None else given.official_study or given.study
    restricted = given.result is not None and given.result.restricted
    return Note(
        title=f"Serious acquisitive crime in {given.place}",
        subtitle=f"Briefing note: {periods_in_words(spoken)}",
        banner="Restricted: made from the force's own records. Do not publish." if restricted else "",
        sections=tuple(section for section in found if section is not None),
    )


def _background(given: Given) -> Section:
    said = (
        "PP06 is the percentage change in serious acquisitive crime (SAC) from the baseline. SAC is residential "
        "burglary, robbery, theft of a motor vehicle and theft from a motor vehicle, as the police record them."
    )
    if given.official is not None:
        said += (
            f" The figures under “What happened” are the crimes recorded in {given.official.area}, as the Home Office "
            "publishes them."
        )
    if given.result is not None:
        exact = given.result.study.extract is not None
        said += (
            " The map is of the force's own records of these offences."
            if exact
            else " The map is of the crimes that data.police.uk publishes: all burglary, robbery and all vehicle "
            "crime, a close proxy that also holds shops, sheds and interference with vehicles."
        )
    return Section("What PP06 counts", (Paragraph(said),))


def _limits(given: Given) -> Section:
    said = [
        "Recorded crime is what was reported and recorded. It is not all crime, and it moves with reporting and "
        "recording too.",
        "The counts cannot show why crime rose or fell, nor that an action was the cause.",
    ]
    if given.official is not None:
        said.append(
            "“Allowing for chance” covers only the play of chance in a count. Police forces also differ from one "
            "another for reasons of their own: where half of them lie shows by how much."
        )
    result = given.result
    if result is not None:
        if result.study.extract is None:
            said.append(
                "police.uk's burglary holds shops and sheds as well as homes, and its vehicle crime holds "
                "interference. It moves each crime to the nearest of a fixed set of map points, so crimes near a "
                "boundary may belong next door."
            )
        if result.study.baseline:
            said.append(
                "An area outside its normal range may still be there by chance: about one area in forty is above its "
                "range, and one below. A clear rise stands out among all areas."
            )
        said.append(
            "Points are snapped and dated by month only: they cannot show repeat or near-repeat victims."
        )
        said += [notice.text for notice in result.warnings if notice.code not in _MINOR]
    return Section("What the figures cannot say", tuple(Paragraph(text, "bullet") for text in said))


#: Notices for the analyst, that change nothing a committee reads.
_MINOR = {
    "repeated-rows", "shared-points", "other-forces", "given-twice", "mended-boundaries", "overlaps", "same-names",
    "tiles", "columns", "unknown-crime-types", "stale",
}  # fmt: skip


def _source(given: Given) -> Section:
    said = list(given.sources)
    if given.official is not None:
        said.insert(
            0, "Recorded crime: Home Office, police recorded crime open data, Open Government Licence v3.0."
        )
    last = (
        given.result.study.current
        if given.result is not None
        else (given.official_study or given.study).current
    )
    said.append(
        f"Data to {months.in_words(last[-1])}. Made by sacmap; the sentences may be edited, the figures are its own."
    )
    return Section("Source and licence", tuple(Paragraph(text) for text in said))
