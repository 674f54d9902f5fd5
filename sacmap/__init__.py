"""Maps of change in serious acquisitive crime (SAC) from police.uk data.

    import sacmap

    study = sacmap.Study(
        current="2025-04:2026-03", baseline="2022-04:2025-03", crimes="crimes.zip", boundaries="wards.geojson"
    )
    result = sacmap.run(study)
    sacmap.save(result, "maps/wards.html")

Each step is a plain function over tables too: `read_areas`, `read_crimes`, `locate`, `count`, `change`, `compare` and
`draw`; and `wdd` to judge afterwards. Libraries load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sacmap.areas.boundaries import read_areas
    from sacmap.areas.locate import locate
    from sacmap.choose.effect import wdd
    from sacmap.errors import DiskError, InputError, SacmapError, SourceError, UsageError
    from sacmap.fetch.street import read_crimes
    from sacmap.measure.change_table import change
    from sacmap.measure.counts import count
    from sacmap.measure.verdict import compare
    from sacmap.pipeline import run, save
    from sacmap.publish.folium_map import draw
    from sacmap.result import Result
    from sacmap.study import Study

    __version__: str

#: Each public name and its module.
HOME = {
    "DiskError": "sacmap.errors",
    "InputError": "sacmap.errors",
    "Result": "sacmap.result",
    "SacmapError": "sacmap.errors",
    "SourceError": "sacmap.errors",
    "Study": "sacmap.study",
    "UsageError": "sacmap.errors",
    "change": "sacmap.measure.change_table",
    "compare": "sacmap.measure.verdict",
    "count": "sacmap.measure.counts",
    "draw": "sacmap.publish.folium_map",
    "locate": "sacmap.areas.locate",
    # Not in __all__: `Study(...)` checks itself now. Notebooks written before that still run.
    "make_study": "sacmap.study",
    "read_areas": "sacmap.areas.boundaries",
    "read_crimes": "sacmap.fetch.street",
    "run": "sacmap.pipeline",
    "save": "sacmap.pipeline",
    "wdd": "sacmap.choose.effect",
}

__all__ = [  # noqa: RUF022 - classes, steps in the order of the data, errors
    "Study", "Result", "run", "draw", "save",
    "read_areas", "read_crimes", "locate", "count", "change", "compare", "wdd",
    "SacmapError", "UsageError", "InputError", "SourceError", "DiskError", "__version__",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("sacmap")
    if name not in HOME:
        raise AttributeError(f"module 'sacmap' has no attribute {name!r}")
    return getattr(import_module(HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
