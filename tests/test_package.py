"""The package as it is published: what is in the wheel, and that the wheel alone works."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PUBLIC = {
    "Study", "Result", "run", "draw", "save", "read_areas", "read_crimes", "locate", "count", "change", "compare",
    "wdd", "SacmapError", "UsageError", "InputError", "SourceError", "DiskError", "__version__",
}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_public_names_are_these():
    import sacmap

    assert set(sacmap.__all__) == PUBLIC
    assert all(getattr(sacmap, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = sacmap.nothing_like_it


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys, sacmap, sacmap.cli; print(sorted({'pandas', 'numpy', 'shapely', 'folium'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_map_loads_nothing_that_only_the_files_beside_it_need():
    code = (
        "import sys, sacmap.pipeline\n"
        "print(sorted({'matplotlib', 'xlsxwriter', 'sqlite3', 'scipy.stats'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_wheel_holds_the_package_its_files_and_nothing_else(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "sacmap"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout, so what belongs to the package cannot be listed")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name for name in names if name.startswith("sacmap/")}
    assert inside == set(tracked.stdout.split())
    assert {"sacmap/py.typed", "sacmap/publish/html/leaflet/LICENSE"} <= inside
    assert {name.split("/")[0].split("-")[0] for name in names} == {"sacmap"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 3_000_000


def test_the_wheel_alone_runs_the_demo(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    code = "import sacmap; print(sacmap.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "sacmap", "demo"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "maps" / "practice.html").stat().st_size > 100_000
