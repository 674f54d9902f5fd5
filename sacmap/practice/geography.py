"""Make the polygons, map points and street names of the practice borough: forty neighbourhoods on Dogger Bank."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

#: The middle of Dogger Bank (lon, lat), where nobody lives.
CENTRE = (2.3, 54.8)
#: Half the width and height of the borough, in degrees (about 6 km and 4.5 km).
REACH = (0.093, 0.04)
DECIMALS = 6

NAMES = (
    "Abbot's Landing", "Amber Strand", "Anchor Green", "Beacon Hill", "Bell Buoy", "Bosun's Acre", "Breakwater",
    "Capstan Park", "Cockle Row", "Compass Rose", "Coral Gardens", "Cutter's End", "Driftwood", "Ebb and Flow",
    "Fathom Lane", "Fisher's Reach", "Foghorn", "Gannet Rise", "Gull Common", "Halyard", "Harbour Master's Walk",
    "Herring Quay", "Keel", "Kelp Meadows", "Lantern Quay", "Lobster Pot", "Mariners", "Merfolk Mount", "Old Lightship",
    "Oyster Beds", "Pilot's Rest", "Porth y Môr", "Quarterdeck", "Sandbank", "Sextant", "Shoal Wood",
    "St Elmo without the Wall and the Outer Sandbanks", "Tidewater", "Trinity Buoys", "Windlass",
)  # fmt: skip

STREETS = (
    "Anemone", "Barnacle", "Bilge", "Brine", "Bulkhead", "Coxswain", "Crow's Nest", "Cuttlefish", "Davit", "Dolphin",
    "Eelgrass", "Flotsam", "Foam", "Galley", "Gunwale", "Haddock", "Jetsam", "Jib", "Kittiwake", "Limpet", "Mackerel",
    "Mizzen", "Mussel", "Narwhal", "Oar", "Pennant", "Periwinkle", "Plimsoll", "Porpoise", "Puffin", "Rigging",
    "Rudder", "Samphire", "Scuttle", "Seaholly", "Shingle", "Spinnaker", "Starfish", "Tiller", "Topsail", "Turbot",
    "Whelk",
)  # fmt: skip
KINDS = ("Street", "Road", "Lane", "Close", "Avenue", "Row", "Way", "Court")


def neighbourhoods(rng: np.random.Generator) -> NDArray[np.object_]:
    """Return the polygons (degrees), which share their borders exactly, sorted by centroid from north to south."""
    outline = shapely.Polygon(_outline(rng))
    seeds = _spread(rng, outline, len(NAMES))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=outline))
    cells = shapely.intersection(cells, outline)
    # Each border is one line between two junctions. It is roughened once, so both areas still share it.
    lines = shapely.get_parts(shapely.line_merge(shapely.union_all(shapely.boundary(cells))))
    rough = [shapely.LineString(_roughen(rng, shapely.get_coordinates(line))) for line in lines]
    polygons = shapely.get_parts(shapely.polygonize(rough))
    middles = shapely.get_coordinates(shapely.centroid(polygons))
    return np.asarray(polygons[np.lexsort((middles[:, 0], -middles[:, 1].round(2)))], dtype=object)


def _outline(rng: np.random.Generator) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * math.pi, 120, endpoint=False)
    radius = 1 + sum(
        rng.uniform(0.02, 0.11) / order**0.5 * np.sin(order * angles + rng.uniform(0, 2 * math.pi))
        for order in range(2, 9)
    )
    return np.column_stack(
        [CENTRE[0] + REACH[0] * radius * np.cos(angles), CENTRE[1] + REACH[1] * radius * np.sin(angles)]
    )


def _spread(rng: np.random.Generator, outline: shapely.Polygon, count: int) -> NDArray[np.float64]:
    """Return `count` points inside the outline, spread out, but denser in the middle."""
    chosen: list[NDArray[np.float64]] = []
    while len(chosen) < count:
        candidates = CENTRE + rng.normal(size=(40, 2)) * np.array(REACH) * 0.55
        candidates = candidates[shapely.contains_xy(outline.buffer(-0.004), candidates)]
        if not chosen:
            chosen.append(candidates[0])
            continue
        scaled = np.array(chosen) / REACH
        apart = np.min(np.linalg.norm(candidates[:, None] / REACH - scaled, axis=2), axis=1)
        chosen.append(candidates[np.argmax(apart)])
    return np.array(chosen)


def _roughen(rng: np.random.Generator, line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the line with the midpoint of each segment moved sideways, four times. The ends stay."""
    points = line
    for _ in range(4):
        start, end = points[:-1], points[1:]
        step = end - start
        sideways = np.column_stack([-step[:, 1] * 1.7, step[:, 0] / 1.7])
        middle = (start + end) / 2 + sideways * rng.uniform(-0.11, 0.11, size=(len(step), 1))
        joined = np.empty((len(points) + len(middle), 2))
        joined[0::2], joined[1::2] = points, middle
        points = joined
    return np.round(points, DECIMALS)


def points_in(rng: np.random.Generator, polygon: shapely.Geometry, count: int) -> NDArray[np.float64]:
    """Return `count` map points (lon, lat) inside a polygon."""
    west, south, east, north = shapely.bounds(polygon)
    found = np.empty((0, 2))
    while len(found) < count:
        tries = np.round(rng.uniform((west, south), (east, north), size=(4 * count, 2)), DECIMALS)
        found = np.concatenate([found, tries[shapely.contains_xy(polygon, tries)]])
    return np.asarray(found[:count])


def points_around(rng: np.random.Generator, inner: shapely.Geometry, count: int) -> NDArray[np.float64]:
    """Return `count` map points (lon, lat) around the borough but not in it."""
    reach = np.array(REACH) * 2.2
    tries = np.round(rng.uniform(CENTRE - reach, CENTRE + reach, size=(4 * count, 2)), DECIMALS)
    return np.asarray(tries[~shapely.intersects_xy(inner, tries)][:count])


def streets(rng: np.random.Generator, count: int) -> list[str]:
    """Return `count` invented street names in police.uk's form. A few are blank, as on police.uk."""
    names = rng.choice(STREETS, size=count)
    kinds = rng.choice(KINDS, size=count)
    blank = rng.random(count) < 0.02
    return [
        "On or near " if b else f"On or near {n} {k}" for n, k, b in zip(names, kinds, blank, strict=True)
    ]
