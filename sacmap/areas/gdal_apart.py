"""Read one layer with the one GDAL driver allowed, in a process of its own: `python gdal_apart.py`.

GDAL can be made to abort, to run without end or to take all memory. Here that ends this process alone. It is given a
folder that holds nothing but copies of the files meant, and its environment leaves GDAL one driver, no network and no
other way to reach a file: see `sacmap.areas.gdal`.

The request comes as JSON on standard input: path, driver, layer (or null), ours, most, answer. The answer is in files:
`answer`.json has `layers` where there is a choice to make, else `layer`, `crs` and the names of the columns; `answer`
has the rows as Arrow, texts as Latin-1 so that their own encoding can be told later.
"""

import importlib.abc
import json
import os
import sys
from contextlib import suppress
from typing import Any


def limit(memory: int, seconds: int) -> None:
    """Let this process take no more memory and time; where the system cannot, the one that started it sees to time."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Without(importlib.abc.MetaPathFinder):
    """Leave out what makes tables of shapes, which the other process does: pyogrio then loads in half the time."""

    def find_spec(self, name: str, *_: Any) -> None:
        """Refuse those packages; say nothing of others."""
        if name in {"geopandas", "pandas", "shapely"}:
            raise ImportError(name)


def main() -> None:
    """Answer one request."""
    asked = json.load(sys.stdin)
    limit(asked["memory"], asked["seconds"])
    sys.meta_path.insert(0, Without())
    answer = answer_to(asked)
    with open(asked["answer"] + ".json", "w", encoding="utf-8") as out:  # noqa: PTH123  # nothing else is loaded yet
        json.dump(answer, out)
    # What the libraries tear down at exit could still crash, and the answer is given.
    os._exit(0)


def answer_to(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what there is, having written the rows of the layer."""
    import pyogrio  # noqa: PLC0415

    others = sorted(set(pyogrio.list_drivers()) - {asked["driver"]})
    if others:
        return {"others": others}
    layers = [(str(name), kind) for name, kind in pyogrio.list_layers(asked["path"])]
    shaped = [(name, kind) for name, kind in layers if kind is not None]
    # Layers of points and lines beside the areas are no choice.
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


def rows_of(asked: dict[str, Any], layer: str) -> dict[str, Any]:
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
        return {"layer": layer, "no_shapes": True}
    arrays = [pa.array(list(shapes), pa.binary()), *map(array_of, columns)]
    names = ["geometry", *(f"c{k}" for k in range(len(columns)))]
    table = pa.table(arrays, names=names)
    with pa.OSFile(asked["answer"], "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return {"layer": layer, "crs": meta["crs"], "columns": [str(name) for name in meta["fields"]]}


def array_of(values: Any) -> Any:
    """Return a column as Arrow: texts, numbers and truths as they are, anything else as text or nothing."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return pa.array([value if isinstance(value, str) else None for value in values], pa.string())


if __name__ == "__main__":
    main()
