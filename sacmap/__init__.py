"""Maps of change in serious acquisitive crime (SAC) from police.uk data.

The steps of the main job as plain functions over tables: `read_areas`, `read_crimes`, `locate`, `count`, `compare`,
`draw`; and `wdd` to judge afterwards. Each loads its libraries when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacmap.areas.boundaries import read_areas
    from sacmap.areas.locate import locate
    from sacmap.choose.evaluate import wdd
    from sacmap.fetch.street import read_crimes
    from sacmap.measure.change import compare
    from sacmap.measure.counts import count
    from sacmap.publish.draw import draw
    from sacmap.study import Study, make_study

__all__ = ["Study", "compare", "count", "draw", "locate", "make_study", "read_areas", "read_crimes", "wdd"]

_HOME = {
    "Study": "sacmap.study",
    "compare": "sacmap.measure.change",
    "count": "sacmap.measure.counts",
    "draw": "sacmap.publish.draw",
    "locate": "sacmap.areas.locate",
    "make_study": "sacmap.study",
    "read_areas": "sacmap.areas.boundaries",
    "read_crimes": "sacmap.fetch.street",
    "wdd": "sacmap.choose.evaluate",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sacmap' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
