"""Read one layer with the one GDAL driver allowed, in a process of its own: `python gdal_child.py`.

A damaged or hostile file can make GDAL abort, run forever or use all memory; here that ends only this process. It gets
a folder with copies of the files and nothing else, and its environment leaves GDAL one driver, no network and no other
way to reach a file: see `sacmap.areas.gdal`.

The request is JSON on standard input. The answer is in files: `answer`.json has `layers` if there is a choice to make,
otherwise `crs` and the names of the columns, or nothing of a table without shapes; `answer` has the rows as Arrow, with
texts as Latin-1, so that their real encoding can be found later.
"""

import importlib.abc
import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Request(TypedDict):
    """A request: `most` is the most rows, `ours` the name of the layer in sacmap's own files."""

    path: str
    driver: str
    layer: str | None
    ours: str
    most: int
    answer: str
    memory: int
    seconds: int


def limit(memory: int, seconds: int) -> None:
    """Limit the memory and time of this process. On systems that cannot, only the parent limits the time."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Without(importlib.abc.MetaPathFinder):
    """Block packages that only the parent process needs, so that pyogrio loads in half the time."""

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse those packages; leave others to the usual importers."""
        if name in {"geopandas", "pandas", "shapely"}:
            raise ImportError(name)


def main() -> None:
    """Answer one request."""
    asked: Request = json.load(sys.stdin)
    limit(asked["memory"], asked["seconds"])
    sys.meta_path.insert(0, Without())
    answer = _answer_to(asked)
    with open(asked["answer"] + ".json", "w", encoding="utf-8") as out:  # noqa: PTH123  # nothing else is loaded yet
        json.dump(answer, out)
    # The answer is written. A normal exit could still crash in a library.
    os._exit(0)


def _answer_to(asked: Request) -> dict[str, object]:
    """Write the rows of the layer, and return what they are; without a clear choice, return the layers."""
    import pyogrio  # noqa: PLC0415

    others = sorted(set(pyogrio.list_drivers()) - {asked["driver"]})
    if others:
        return {"others": others}
    layers = [(str(name), kind) for name, kind in pyogrio.list_layers(asked["path"])]
    shaped = [(name, kind) for name, kind in layers if kind is not None]
    # Layers of points and lines cannot be the areas.
    with_areas = [name for name, kind in shaped if "Point" not in kind and "Line" not in kind]
    with_shapes = with_areas or [name for name, _ in shaped]
    wanted = asked["layer"]
    if wanted is None:
        if len(with_shapes) != 1 and asked["ours"] not in with_shapes:
            return {"layers": layers, "areas": with_shapes}
        wanted = asked["ours"] if asked["ours"] in with_shapes else with_shapes[0]
    elif wanted not in [name for name, _ in shaped]:
        return {"layers": layers, "areas": with_shapes}
    return rows_of(asked, wanted)


def rows_of(asked: Request, layer: str) -> dict[str, object]:
    """Write the rows of a layer as Arrow and return what they are."""
    import pyarrow as pa  # noqa: PLC0415
    import pyogrio.raw  # noqa: PLC0415

    meta, _, shapes, columns = pyogrio.raw.read(
        asked["path"],
        layer=layer,
        encoding="ISO-8859-1",
        force_2d=True,
        max_features=asked["most"] + 1,
        datetime_as_string=True,
    )
    if shapes is None:
        return {}
    arrays = [pa.array(list(shapes), pa.binary()), *map(_array_of, columns)]
    names = ["geometry", *(f"c{k}" for k in range(len(columns)))]
    table = pa.table(arrays, names=names)
    with pa.OSFile(asked["answer"], "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {"crs": meta["crs"], "columns": [str(name) for name in meta["fields"]]}


def _array_of(values: "np.ndarray") -> "pa.Array":
    """Return a column as Arrow: texts, numbers and booleans unchanged; of anything else, only texts."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return pa.array([value if isinstance(value, str) else None for value in values], pa.string())


if __name__ == "__main__":
    main()
