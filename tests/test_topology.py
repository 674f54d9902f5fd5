import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sacmap.areas.topology import meeting

SIDE = st.integers(0, 6)
#: Squares and oblongs that share edges whole and in part, hold, cross and equal one another; and some triangles.
SHAPES = st.lists(
    st.one_of(
        st.tuples(SIDE, SIDE, st.integers(1, 4), st.integers(1, 4)).map(
            lambda b: shapely.box(b[0], b[1], b[0] + b[2], b[1] + b[3])
        ),
        st.lists(st.tuples(SIDE, SIDE), min_size=3, max_size=3, unique=True)
        .filter(lambda corners: shapely.Polygon(corners).is_valid)
        .map(shapely.Polygon),
        st.just(shapely.box(0, 0, 6, 6).difference(shapely.box(2, 2, 4, 4))),
        st.just(shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(3, 3, 5, 5)])),
        st.just(shapely.Polygon()),
    ),
    max_size=12,
)


def layer(size, corner=0):
    """Squares that tile a square, of which only the outermost edges are not shared."""
    cells = range(corner, corner + 6, size)
    return [shapely.box(x, y, x + size, y + size) for x in cells for y in cells]


#: Whole tilings one on another: of areas within, every edge is shared in its own tiling.
LAYERS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 4)).map(lambda one: layer(*one)), max_size=2
)


def plain(areas):
    return [
        (a, b)
        for a in range(len(areas))
        for b in range(a + 1, len(areas))
        if areas[a].relate_pattern(areas[b], "T********")
    ]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(SHAPES, LAYERS, st.randoms(use_true_random=False))
@example([], [layer(1), layer(1)], __import__("random").Random(0))
def test_the_areas_that_overlap_are_those_shapely_finds_pair_by_pair(shapes, layers, random):
    areas = [*shapes, *(shape for tiles in layers for shape in tiles)]
    # Either way round, as files have them.
    areas = [shape.reverse() if random.random() < 0.5 else shape for shape in areas]
    random.shuffle(areas)
    one, other = meeting(np.array(areas, dtype=object))
    assert list(zip(one.tolist(), other.tolist(), strict=True)) == plain(areas)
