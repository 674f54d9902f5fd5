"""Roads, rail, water and places that a reader knows, for the map to show behind the areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["road", "rail", "water", "place"]


@dataclass(frozen=True)
class Layer:
    """Shapes of one kind in degrees WGS84: lines or polygons, of places points; names holds one for each."""

    kind: Kind
    shapes: NDArray[np.object_]
    names: tuple[str, ...]
